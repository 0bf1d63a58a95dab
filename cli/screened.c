/*
 * What the other side says, made safe to show.
 *
 * A process of its own, because the one that is called has to be read from at any time, and a
 * transfer waits for other things.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/screened.h"
#include "system/descriptors.h"
#include "text/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes. A longer line is shown as several. */
#define LINE_MAX_SIZE 1000
#define PREFIX_MAX    16

struct line {
	char untrusted[LINE_MAX_SIZE];
	size_t length;
	bool on_terminal;
	const char *prefix;
};

/* Show a line, in one write, so that it stays whole. */
static void show(struct line *line)
{
	/* What is drawn there, such as the progress, has no end of line. */
	static const char anew[] = "\r\033[K";
	char text[sizeof(anew) + PREFIX_MAX + LINE_MAX_SIZE + 2];
	const char *prefix = line->prefix;
	size_t used;

	/* It must not look like a line of ours. What ssh itself says has its name already. */
	used = (size_t)snprintf(text, sizeof(text), "%s%s", line->on_terminal ? anew : "",
				line->length >= strlen(prefix) &&
						memcmp(line->untrusted, prefix, strlen(prefix)) == 0
					? ""
					: prefix);
	text_displayable(line->untrusted, line->length, text + used, LINE_MAX_SIZE + 1,
			 LINE_MAX_SIZE);
	used += strlen(text + used);
	text[used++] = '\n';
	(void)!write(STDERR_FILENO, text, used);
	line->length = 0;
}

static void take(struct line *line, char c)
{
	if (c == '\r')
		return;
	if (c == '\n') {
		show(line);
		return;
	}
	line->untrusted[line->length++] = c == '\t' ? ' ' : c;
	if (line->length == LINE_MAX_SIZE)
		show(line);
}

/* Show what comes, until the end, or until `goes` is closed and nothing is left. */
static void screen(int in, int goes, const char *prefix)
{
	struct line line = {.on_terminal = isatty(STDERR_FILENO), .prefix = prefix};
	struct pollfd pollfds[] = {{.fd = in, .events = POLLIN}, {.fd = goes, .events = POLLIN}};
	char untrusted[4096];
	ssize_t n = 1;

	while (n > 0) {
		if (poll(pollfds, 2, -1) < 0)
			continue;
		n = pollfds[0].revents ? read(in, untrusted, sizeof(untrusted)) : 0;
		for (ssize_t i = 0; i < n; i++)
			take(&line, untrusted[i]);
	}
	if (line.length > 0)
		show(&line);
}

/* In the new process: keep nothing open that somebody could wait for the end of. */
static void become_screen(int in, int goes, const char *prefix)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	descriptors_keep(in, goes);
	screen(in, goes, prefix);
	_exit(0);
}

int screened_start(struct screened *screened, const char *prefix)
{
	int said[2], goes[2], r = 0;

	if (pipe2(said, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(goes, O_CLOEXEC) < 0) {
		r = -errno;
		close(said[0]);
		close(said[1]);
		return r;
	}
	screened->pid = fork();
	if (screened->pid == 0) {
		close(said[1]);
		close(goes[1]);
		become_screen(said[0], goes[0], prefix);
	}
	if (screened->pid < 0)
		r = -errno;
	close(said[0]);
	close(goes[0]);
	screened->said = said[1];
	screened->goes = goes[1];
	if (r < 0) {
		close(said[1]);
		close(goes[1]);
	}
	return r;
}

void screened_end(const struct screened *screened)
{
	close(screened->goes);
	while (waitpid(screened->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
