/*
 * The screen of a sandbox: an X server of its own.
 *
 * Who is at an X server can see and do all that its user does there. So nobody in a sandbox gets
 * the user's own, nor the user's Wayland compositor. The server in between is in a sandbox itself,
 * since it reads what applications say, which may be hostile: who takes it over has the user's
 * screen, but none of their files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "display.h"

#include "confine.h"

#include "text/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKETS  "/tmp/.X11-unix"
#define SPACE    ((uint64_t)64 << 20)
#define LOG_SIZE 4096

/* ---- Where the user's screen is ---- */

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool display_there(void)
{
	return variable("DISPLAY") || variable("WAYLAND_DISPLAY");
}

/* The socket of the user's compositor. False: it is not known. */
static bool find_wayland(char path[PATH_MAX])
{
	const char *name = variable("WAYLAND_DISPLAY"), *runtime = variable("XDG_RUNTIME_DIR");

	if (!name)
		return false;
	if (*name == '/')
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
	return runtime && snprintf(path, PATH_MAX, "%s/%s", runtime, name) < PATH_MAX;
}

/* The number of the user's X server, which must be one of this machine. -1: it is none. */
static int find_x(void)
{
	const char *display = variable("DISPLAY");
	char path[64];
	int number, behind = 0;

	if (!display || sscanf(display, ":%d%n", &number, &behind) != 1 || number < 0 ||
	    (display[behind] != '\0' && display[behind] != '.'))
		return -1;
	snprintf(path, sizeof(path), SOCKETS "/X%d", number);
	return access(path, F_OK) == 0 ? number : -1;
}

/* ---- Its directory ---- */

/* Make a directory for the socket, which is ours alone. */
static int make_directory(struct display *display)
{
	const char *runtime = variable("XDG_RUNTIME_DIR");

	if (runtime && access(runtime, W_OK) != 0)
		runtime = NULL;
	if (snprintf(display->directory, PATH_MAX, "%s/pedos-rpc-XXXXXX",
		     runtime ? runtime : "/tmp") >= PATH_MAX ||
	    !mkdtemp(display->directory)) {
		display->directory[0] = '\0';
		return -errno;
	}
	return 0;
}

void display_hide(struct display *display)
{
	if (!*display->directory)
		return;
	unlink(display->socket);
	unlink(display->place);
	rmdir(display->directory);
	display->directory[0] = '\0';
}

/* ---- The server ---- */

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

	snprintf(socket, sizeof(socket), SOCKETS "/X%d", outer);
	confine_show(confinement, socket);
	snprintf(name, sizeof(name), ":%d", outer);
	confine_set(confinement, "DISPLAY", name);
	give_authority(confinement);
	confine_end(confinement, words);
	words_add(words, program, "-resizeable", "-no-host-grab", "-title", title, "-screen", NULL);
	words_add_format(words, "%ux%u", template->width, template->height);
}

/* Xwayland, a client of the user's compositor at `socket`, with a window for all. */
static void add_xwayland(struct confinement *confinement, struct words *words, const char *program,
			 const char *socket, const struct template *template)
{
	words_add(&confinement->words, "--ro-bind", socket, "/run/user/1000/wayland-0", NULL);
	confine_set(confinement, "WAYLAND_DISPLAY", "wayland-0");
	confine_set(confinement, "XDG_RUNTIME_DIR", "/run/user/1000");
	confine_end(confinement, words);
	words_add(words, program, "-geometry", NULL);
	words_add_format(words, "%ux%u", template->width, template->height);
}

/* The command of the server. Returns NULL, or what is wrong. */
static const char *add_server(struct confinement *confinement, struct words *words,
			      const struct template *template, const char *title)
{
	const char *xwayland = confine_find("Xwayland"), *xephyr = confine_find("Xephyr");
	char wayland[PATH_MAX];
	int outer = find_x();

	if (xwayland && find_wayland(wayland)) {
		add_xwayland(confinement, words, xwayland, wayland, template);
		return NULL;
	}
	if (outer < 0)
		return variable("WAYLAND_DISPLAY")
			       ? "Xwayland is not installed, in whose window a sandbox shows "
				 "something under Wayland: install xwayland"
			       : "DISPLAY is no X server of this machine, which a sandbox needs: "
				 "unset it, or say display=none in the template";
	if (!xephyr)
		return "Xephyr is not installed, in whose window a sandbox shows something: "
		       "install xserver-xephyr, or say display=none in the template";
	add_xephyr(confinement, words, xephyr, outer, template, title);
	return NULL;
}

/* A file in memory, which takes no more than the first lines. */
static int open_log(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, LOG_SIZE) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0)) {
		close(fd);
		return -errno;
	}
	return fd < 0 ? -errno : fd;
}

/* `number`: of the descriptor inside to which it says that it is ready. */
static int start_server(struct display *display, const struct confinement *confinement,
			struct words *words, int number)
{
	char *none[] = {NULL};
	/* Not that of the server whose client it is. */
	const int inner = find_x() == 8 ? 9 : 8;

	words_add_format(words, ":%d", inner);
	words_add(words, "-nolisten", "tcp", "-nolisten", "local", "-listen", "unix", "-noreset",
		  "-displayfd", NULL);
	words_add_format(words, "%d", number);
	snprintf(display->socket, sizeof(display->socket), "%s/X%d", display->directory, inner);
	snprintf(display->place, sizeof(display->place), "%s/X%d", display->directory, find_x());
	return process_start(&display->process, words->list, none, confinement->fds,
			     confinement->fd_count);
}

int display_begin(struct display *display, const char *bubblewrap, int filter,
		  const struct template *template, const char *title, char *failure, size_t size)
{
	static struct confinement confinement;
	static struct words words;
	const char *wrong;
	int ready[2], null, number, r;

	*display = (struct display){.ready = -1, .log = open_log()};
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	r = null < 0 || pipe2(ready, O_CLOEXEC) < 0 ? -errno : make_directory(display);
	if (display->log < 0)
		r = display->log;
	if (r < 0) {
		snprintf(failure, size, "a screen for the sandbox: %s", strerror(-r));
		return r;
	}
	display->ready = ready[0];
	confine_begin(&confinement, bubblewrap, (int[]){null, null, display->log}, filter, SPACE);
	words_add(&confinement.words, "--bind", display->directory, SOCKETS, NULL);
	number = confine_pass(&confinement, ready[1]);
	wrong = add_server(&confinement, &words, template, title);
	snprintf(failure, size, "%s", wrong ? wrong : "");
	r = wrong ? -ENOENT : start_server(display, &confinement, &words, number);
	if (r < 0 && !wrong)
		snprintf(failure, size, "cannot run %s: %s", bubblewrap, strerror(-r));
	close(ready[1]);
	close(null);
	return r;
}

/* What has become of it, with the last line that it has written. */
static void explain(const struct display *display, const char *what, char *failure, size_t size)
{
	char text[LOG_SIZE + 1], line[300], *newline;
	ssize_t n = pread(display->log, text, LOG_SIZE, 0);

	text[n > 0 ? n : 0] = '\0'; /* behind what was written there are only NULs */
	n = (ssize_t)strlen(text);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	newline = strrchr(text, '\n');
	newline = newline ? newline + 1 : text;
	text_printable(newline, strlen(newline), line, sizeof(line));
	snprintf(failure, size, "the X server of the sandbox %s%s%s", what, *line ? ": " : "",
		 line);
}

bool display_is_ready(struct display *display, char *failure, size_t size)
{
	char text[16];
	bool ready = read(display->ready, text, sizeof(text)) > 0;

	close(display->ready);
	display->ready = -1;
	if (!ready)
		explain(display, "has not started", failure, size);
	return ready;
}

bool display_has_ended(struct display *display, char *failure, size_t size)
{
	struct pollfd ended = {.fd = display->process.ended, .events = POLLIN};

	if (display->process.pid == 0 || poll(&ended, 1, 0) <= 0)
		return false;
	explain(display, "has ended", failure, size);
	return true;
}

void display_end(struct display *display)
{
	process_kill(&display->process);
	display_hide(display);
	if (display->ready >= 0)
		close(display->ready);
	if (display->log >= 0)
		close(display->log);
}
