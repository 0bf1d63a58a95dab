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
#include "directory.h"
#include "server.h"

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

#define SPACE       ((uint64_t)64 << 20)
#define LOG_SIZE    4096
#define ENDING_TIME 2000 /* milliseconds */

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
	const int inner = server_number();

	words_add_format(words, ":%d", inner);
	words_add(words, "-nolisten", "tcp", "-nolisten", "local", "-listen", "unix", "-noreset",
		  "-displayfd", NULL);
	words_add_format(words, "%d", number);
	snprintf(display->socket, sizeof(display->socket), "%s/X%d", directory_path(), inner);
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
	r = null < 0 || pipe2(ready, O_CLOEXEC) < 0 ? -errno : directory_make();
	if (display->log < 0)
		r = display->log;
	if (r < 0) {
		snprintf(failure, size, "a screen for the sandbox: %s", strerror(-r));
		return r;
	}
	display->ready = ready[0];
	confine_begin(&confinement, bubblewrap, (int[]){null, null, display->log}, filter, SPACE);
	words_add(&confinement.words, "--bind", directory_path(), SERVER_SOCKETS, NULL);
	number = confine_pass(&confinement, ready[1]);
	wrong = server_add(&confinement, &words, template, title);
	snprintf(failure, size, "%s", wrong ? wrong : "");
	r = wrong ? -ENOENT : start_server(display, &confinement, &words, number);
	if (r < 0 && !wrong)
		snprintf(failure, size, "cannot run %s: %s", bubblewrap, strerror(-r));
	close(ready[1]);
	close(null);
	return r;
}

/*
 * The last line of a text that says something; it is made a string of its own. X servers put "(EE)"
 * before what went wrong, and also write that alone.
 */
static const char *last_line(char *text)
{
	for (;;) {
		char *newline = strrchr(text, '\n'), *line = newline ? newline + 1 : text;

		if (strncmp(line, "(EE)", 4) == 0)
			line += 4;
		line += strspn(line, " ");
		if (*line || !newline)
			return line;
		*newline = '\0';
	}
}

/* What has become of it, with the last line that it has written. */
static void explain(const struct display *display, const char *what, char *failure, size_t size)
{
	char text[LOG_SIZE + 1], shown[300];
	ssize_t n = pread(display->log, text, LOG_SIZE, 0);
	const char *line;

	text[n > 0 ? n : 0] = '\0'; /* behind what was written there are only NULs */
	line = last_line(text);
	text_printable(line, strlen(line), shown, sizeof(shown));
	snprintf(failure, size, "the X server of the sandbox %s%s%s", what, *shown ? ": " : "",
		 shown);
}

bool display_is_ready(struct display *display, char *failure, size_t size)
{
	char text[16];
	bool ready = read(display->ready, text, sizeof(text)) > 0;

	/* The pipe stays open: a server that is ready says so in two pieces, and must not fail. */
	if (!ready)
		explain(display, "has not started", failure, size);
	return ready;
}

bool display_has_ended(struct display *display, char *failure, size_t size)
{
	struct pollfd ended = {.fd = display->process.ended, .events = POLLIN};

	if (display->process.pid == 0)
		return false;
	/* Its socket goes just before. */
	if (poll(&ended, 1, access(display->socket, F_OK) == 0 ? 0 : ENDING_TIME) <= 0)
		return false;
	explain(display, "has ended", failure, size);
	return true;
}

void display_hide(void)
{
	directory_remove();
}

void display_end(struct display *display)
{
	process_kill(&display->process);
	display_hide();
	if (display->ready >= 0)
		close(display->ready);
	if (display->log >= 0)
		close(display->log);
}
