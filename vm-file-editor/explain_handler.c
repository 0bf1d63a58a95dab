/*
 * What it means when the handler fails.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain_handler.h"

#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit statuses of xdg-open that have a meaning, as its manual page says. */
enum {
	XDG_NO_FILE = 2,
	XDG_NO_TOOL = 3,
	XDG_FAILED = 4
};

static void __attribute__((format(printf, 3, 4)))
say(struct ending *ending, int code, const char *format, ...)
{
	va_list arguments;

	ending->code = code;
	va_start(arguments, format);
	vsnprintf(ending->message, sizeof(ending->message), format, arguments);
	va_end(arguments);
}

/* ---- Commands that are not there ---- */

static bool is_in_path(const char *name, size_t length)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (memchr(name, '/', length)) {
		snprintf(file, sizeof(file), "%.*s", (int)length, name);
		return access(file, X_OK) == 0;
	}
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		snprintf(file, sizeof(file), "%.*s/%.*s", (int)strcspn(path, ":"), path,
			 (int)length, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Words of the shell itself, which are no programs. */
static bool is_of_shell(const char *word, size_t length)
{
	static const char *const words[] = {"exit",  "return", "eval",  "cd",   "set",   "export",
					    "unset", "trap",   "umask", "wait", "read",  "command",
					    ".",     "if",     "for",   "case", "while", "until"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i]) == length && strncmp(words[i], word, length) == 0)
			return true;
	}
	return false;
}

/*
 * The first word of a command, if it can be nothing but the name of a program. Returns its length,
 * or 0.
 */
static size_t first_word(const char **command)
{
	size_t length;

	*command += strspn(*command, " \t\n");
	if (strncmp(*command, "exec ", 5) == 0)
		*command += 5 + strspn(*command + 5, " \t\n");
	length = strcspn(*command, " \t\n");
	return strcspn(*command, "'\"\\$`(){}<>|&;=*?[#~!") < length ? 0 : length;
}

static void explain_missing(struct ending *ending, const char *handler, const char *shown)
{
	const char *word = handler;
	size_t length = first_word(&word);
	char program[512];

	if (strcmp(handler, default_handler) == 0 && !is_in_path(handler, strlen(handler))) {
		say(ending, ENOENT,
		    "xdg-open is not installed in the VM that opens the file: install xdg-utils "
		    "there, or name a command with --handler");
	} else if (length > 0 && !is_of_shell(word, length) && !is_in_path(word, length)) {
		qfile_displayable(word, length, program, sizeof(program), 100);
		say(ending, ENOENT,
		    "the command \"%s\" of --handler was not found in the VM that opens the file",
		    program);
	} else {
		say(ending, ENOENT,
		    "the handler \"%s\" failed with status 127: it, or a program that it uses, was "
		    "not found in the VM that opens the file",
		    shown);
	}
}

/* ---- Screens ---- */

static bool connects(const struct sockaddr_un *address, size_t length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool there = fd >= 0 &&
		     (connect(fd, (const struct sockaddr *)address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0 ||
		      errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return there;
}

/* Is an X server there? Only those of this machine can be asked; others are. */
static bool is_screen(const char *display)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t digits;
	int n;

	if (display[0] != ':')
		return true;
	digits = strspn(display + 1, "0123456789");
	n = snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/.X11-unix/X%.*s",
		     (int)digits, display + 1);
	if (connects(&address, (size_t)n + 1))
		return true;
	/* A server may have the same name in the kernel only, which begins with '\0'. */
	address.sun_path[0] = '\0';
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "/tmp/.X11-unix/X%.*s",
		     (int)digits, display + 1);
	return connects(&address, (size_t)n + 1);
}

/* Why no application has a screen there, or NULL. */
static const char *no_screen(char text[256])
{
	const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	char shown[128];

	if (wayland && *wayland)
		return NULL;
	if (!display || !*display)
		return "no screen is known there (neither DISPLAY nor WAYLAND_DISPLAY is set)";
	if (is_screen(display))
		return NULL;
	qfile_displayable(display, strlen(display), shown, sizeof(shown), 40);
	snprintf(text, 256, "the screen there cannot be reached (DISPLAY is \"%s\")", shown);
	return text;
}

/*
 * Was the screen a window, which its user has closed? All applications in it die of that. It is no
 * failure, but an end like any other.
 */
static bool was_closed(void)
{
	const char *display = getenv("DISPLAY");

	return getenv("QOPEN_SCREEN_IS_A_WINDOW") && display && !is_screen(display);
}

/* ---- xdg-open ---- */

static void explain_xdg_open(struct ending *ending, const char *path, int status)
{
	const char *name = strrchr(path, '/') + 1, *dot = strrchr(name, '.'), *screen;
	char shown[512], kind[600], text[256];

	snprintf(kind, sizeof(kind), "files without an extension");
	if (dot > name && dot[1]) {
		qfile_displayable(dot, strlen(dot), shown, sizeof(shown), 80);
		snprintf(kind, sizeof(kind), "files that end in \"%s\"", shown);
	}
	screen = no_screen(text);
	if (status == XDG_NO_FILE)
		say(ending, ENOENT,
		    "the file was gone before an application opened it in the VM that opens the "
		    "file");
	else if (screen)
		say(ending, ENODEV,
		    "no application could be started for %s in the VM that opens the file: %s",
		    kind, screen);
	else if (status == XDG_NO_TOOL)
		say(ending, ENOENT, "the VM that opens the file has no application for %s", kind);
	else
		say(ending, ENOENT,
		    "the VM that opens the file has no application for %s, or the application "
		    "could "
		    "not be started",
		    kind);
}

void explain_handler(struct ending *ending, const char *handler, const char *path, int status)
{
	const bool is_default = strcmp(handler, default_handler) == 0;
	const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	char shown[512];

	ending->code = 0;
	ending->message[0] = '\0';
	if (status == 0)
		return;
	if (was_closed()) {
		snprintf(ending->message, sizeof(ending->message),
			 "the window that it was shown in was closed");
		return;
	}
	qfile_displayable(handler, strlen(handler), shown, sizeof(shown), 100);
	if (WIFSIGNALED(status))
		say(ending, EIO, "the handler \"%s\" was ended by signal %d (%s)", shown,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (code == 127)
		explain_missing(ending, handler, shown);
	else if (code == 126)
		say(ending, EACCES,
		    "the handler \"%s\" could not be run in the VM that opens the file", shown);
	else if (is_default && code >= XDG_NO_FILE && code <= XDG_FAILED)
		explain_xdg_open(ending, path, code);
	else
		say(ending, EIO, "the handler \"%s\" failed with status %d", shown, code);
}
