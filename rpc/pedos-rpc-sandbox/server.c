/*
 * Which X server shows the screen of a sandbox: Xwayland under Wayland, Xephyr under X11.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "server.h"

#include "cli/call.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNTIME "/run/user/1000"

/* ---- Where the user's screen is ---- */

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool server_has_screen(void)
{
	return variable("DISPLAY") || variable("WAYLAND_DISPLAY");
}

/*
 * The socket of the user's compositor. False: there is none, as where WAYLAND_DISPLAY is that of a
 * session that has ended, or of another account.
 */
static bool find_wayland(char path[PATH_MAX])
{
	const char *name = variable("WAYLAND_DISPLAY"), *runtime = variable("XDG_RUNTIME_DIR");
	int n;

	if (!name || (*name != '/' && !runtime))
		return false;
	n = *name == '/' ? snprintf(path, PATH_MAX, "%s", name)
			 : snprintf(path, PATH_MAX, "%s/%s", runtime, name);
	return n < PATH_MAX && access(path, F_OK) == 0;
}

/* The number of the user's X server, which must be one of this machine. -1: it is none. */
static int find_x(void)
{
	const char *display = variable("DISPLAY");
	char path[64];
	int number, behind = 0;

	/* As X11 has it, "unix" is this machine, too. */
	if (display && strncmp(display, "unix:", 5) == 0)
		display += 4;
	if (!display || sscanf(display, ":%9d%n", &number, &behind) != 1 || number < 0 ||
	    (display[behind] != '\0' && display[behind] != '.'))
		return -1;
	snprintf(path, sizeof(path), SERVER_SOCKETS "/X%d", number);
	return access(path, F_OK) == 0 ? number : -1;
}

int server_number(void)
{
	return find_x() == 8 ? 9 : 8;
}

/* ---- Commands ---- */

/* It may be somewhere else than in /usr. */
static void end_with(struct confinement *confinement, struct words *words, const char *program)
{
	confine_show(confinement, program);
	confine_end(confinement, words);
	words_add(words, program, NULL);
}

static void give_authority(struct confinement *confinement)
{
	const char *authority = variable("XAUTHORITY"), *home = variable("HOME");
	char path[PATH_MAX] = "";

	if (authority)
		snprintf(path, sizeof(path), "%s", authority);
	else if (home)
		snprintf(path, sizeof(path), "%s/.Xauthority", home);
	if (access(path, R_OK) != 0)
		return;
	words_add(&confinement->words, "--ro-bind", path, "/run/authority", NULL);
	confine_set(confinement, "XAUTHORITY", "/run/authority");
}

/* Xephyr, a client of the user's X server `outer`. */
static void add_xephyr(struct confinement *confinement, struct words *words, const char *program,
		       int outer, const struct template *template, const char *title)
{
	char socket[64], name[16];

	snprintf(socket, sizeof(socket), SERVER_SOCKETS "/X%d", outer);
	confine_show(confinement, socket);
	snprintf(name, sizeof(name), ":%d", outer);
	confine_set(confinement, "DISPLAY", name);
	give_authority(confinement);
	end_with(confinement, words, program);
	words_add(words, "-resizeable", "-no-host-grab", "-title", title, "-screen", NULL);
	words_add_format(words, "%ux%u", template->width, template->height);
}

/* What the program says about its options; "" if it says nothing. */
static const char *ask_for_options(const char *program)
{
	static char text[16384];
	char *command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"exec \"$0\" -help 2>&1",
			   (char *)program, NULL};
	char *none[] = {NULL};
	size_t length = 0;
	struct peer peer;
	ssize_t n;

	text[0] = '\0';
	if (call_program(command, none, -1, &peer) < 0)
		return text;
	close(peer.out);
	while (length < sizeof(text) - 1 &&
	       (n = read(peer.in, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(peer.in);
	waitpid(peer.pid, NULL, 0);
	return text;
}

/*
 * Xwayland, a client of the user's compositor at `socket`, with a window for all. Before version 23
 * it does not let that window have another size than the screen, or a frame.
 */
static void add_xwayland(struct confinement *confinement, struct words *words, const char *program,
			 const char *socket, const struct template *template)
{
	const char *options = ask_for_options(program);

	words_add(&confinement->words, "--perms", "0700", "--dir", RUNTIME, "--ro-bind", socket,
		  RUNTIME "/wayland-0", NULL);
	confine_set(confinement, "WAYLAND_DISPLAY", "wayland-0");
	confine_set(confinement, "XDG_RUNTIME_DIR", RUNTIME);
	end_with(confinement, words, program);
	/* It would ask who a client is, and knows nobody inside. Only a sandbox has its socket. */
	words_add(words, "-ac", NULL);
	if (strstr(options, "-decorate"))
		words_add(words, "-decorate", NULL);
	if (strstr(options, "-geometry")) {
		words_add(words, "-geometry", NULL);
		words_add_format(words, "%ux%u", template->width, template->height);
	}
}

/* Why there is neither a compositor nor an X server to show something on. */
static const char *why_none(bool has_wayland)
{
	if (has_wayland)
		return "Xwayland is not installed, which draws the window of a sandbox under "
		       "Wayland: install xwayland";
	if (variable("DISPLAY"))
		return "DISPLAY is no X server of this machine, which a sandbox needs: unset it, "
		       "or say display=none in the template";
	return "the socket of WAYLAND_DISPLAY is not there, which is below XDG_RUNTIME_DIR: set "
	       "both, unset WAYLAND_DISPLAY, or say display=none in the template";
}

const char *server_add(struct confinement *confinement, struct words *words,
		       const struct template *template, const char *title)
{
	const char *xwayland = confine_find("Xwayland"), *xephyr = confine_find("Xephyr");
	char wayland[PATH_MAX];
	bool has_wayland = find_wayland(wayland);
	int outer = find_x();

	if (xwayland && has_wayland) {
		add_xwayland(confinement, words, xwayland, wayland, template);
		return NULL;
	}
	if (outer < 0)
		return why_none(has_wayland);
	if (!xephyr)
		return "Xephyr is not installed, which draws the window of a sandbox: "
		       "install xserver-xephyr, or say display=none in the template";
	add_xephyr(confinement, words, xephyr, outer, template, title);
	return NULL;
}
