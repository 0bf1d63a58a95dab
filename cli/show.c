/*
 * Showing the progress of a transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/show.h"
#include "cli/number.h"
#include "cli/progress.h"
#include "system/clock.h"
#include "text/printable.h"

#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL 100  /* milliseconds: fast enough to look alive, slow enough to cost nothing */
#define PATIENCE 5000 /* milliseconds, for a program that is to read the last object */

/* By enum show_phase: as JSON has it, and in place of a name, for people. */
static const struct {
	const char *key, *text;
} phases[] = {
	{"calling", NULL}, /* ssh may ask for a password on the line */
	{"counting", "counting the files"},
	{"sending", NULL},
	{"receiving", NULL},
	{"confirming", "waiting for confirmation"},
	{"removing", "removing what was sent"},
};

static const char *from_environment(void)
{
	const char *type = getenv("PROGRESS_TYPE");

	if (!type)
		return "auto";
	if (strcmp(type, "console") == 0)
		return "tty";
	return strcmp(type, "gui") == 0 || strcmp(type, "none") == 0 ? type : "auto";
}

/* The rpc client that started this program may have saved its own stdout for this. */
static int gui_descriptor(void)
{
	const char *saved = getenv("SAVED_FD_1");
	uint64_t fd;

	return saved && parse_count(saved, &fd) && fd <= INT_MAX ? (int)fd : STDERR_FILENO;
}

/* What a wrapper has counted. A wrong total is none. */
static uint64_t total_from_environment(void)
{
	const char *text = getenv("FILECOPY_TOTAL_BYTES");
	uint64_t total;

	return text && parse_count(text, &total) ? total : 0;
}

/* Has a wrapper counted, and found nothing? */
static bool wrapper_counts_nothing(void)
{
	const char *text = getenv("FILECOPY_TOTAL_BYTES");
	uint64_t total;

	return text && parse_count(text, &total) && total == 0;
}

bool show_init(struct show *show, const char *option)
{
	const char *mode = option ? option : from_environment();

	*show = (struct show){.fd = STDERR_FILENO};
	show->start = clock_now();
	show->total.bytes = total_from_environment();
	if (strcmp(mode, "none") == 0) {
		show->mode = SHOW_NONE;
	} else if (strcmp(mode, "json") == 0) {
		show->mode = SHOW_JSON;
	} else if (strcmp(mode, "tty") == 0 || strcmp(mode, "auto") == 0) {
		show->mode = *mode == 't' || isatty(show->fd) ? SHOW_TTY : SHOW_NONE;
		setlocale(LC_CTYPE, "");
		show->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	} else if (!option) {
		show->mode = SHOW_GUI;
		show->fd = gui_descriptor();
	} else {
		return false;
	}
	return true;
}

bool show_descriptor(const char *text, int *fd)
{
	uint64_t number;
	int flags;

	if (!parse_count(text, &number) || number <= STDERR_FILENO || number > INT_MAX)
		return false;
	flags = fcntl((int)number, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || flags & O_PATH)
		return false;
	*fd = (int)number;
	return true;
}

void show_on(struct show *show, int fd)
{
	show->mode = SHOW_JSON;
	show->fd = fd;
}

int show_watch(struct show *show, int stop)
{
	/* Without an event that is asked for: that a reader has gone is always reported. */
	struct epoll_event closed = {.events = 0}, asked = {.events = EPOLLIN};
	int both;

	if (show->fd > STDERR_FILENO)
		fcntl(show->fd, F_SETFD, FD_CLOEXEC);
	/* A wrapper that divides by its total of 0 dies of that, and nobody has closed it. */
	if (show->mode != SHOW_GUI || stop < 0 || wrapper_counts_nothing())
		return stop;
	both = epoll_create1(EPOLL_CLOEXEC);
	if (both >= 0 && epoll_ctl(both, EPOLL_CTL_ADD, stop, &asked) == 0 &&
	    epoll_ctl(both, EPOLL_CTL_ADD, show->fd, &closed) == 0)
		return both;
	if (both >= 0)
		close(both);
	return stop; /* a file, for example, which is never closed */
}

void show_begin(struct show *show, struct qfile_size total)
{
	show->total = total;
	show->start = clock_now();
	show->last = show->start;
}

bool show_wants_total(const struct show *show)
{
	return show->mode != SHOW_NONE && show->total.bytes == 0;
}

static size_t columns_of(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/*
 * A failure is ignored: a terminal that has gone must not end the transfer. Nor may a reader that
 * does not read hold it up: what a pipe has no room for is left out. Where there is room at all, it
 * is enough for any line.
 */
static void put(const struct show *show, const char *text, size_t length)
{
	struct pollfd pollfd = {.fd = show->fd, .events = POLLOUT};

	if (poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLOUT)
		(void)!write(show->fd, text, length);
}

/*
 * The wrapper counts against its own total, and closes at the end of it: that is not reached before
 * the receiver has confirmed.
 */
static void put_gui(const struct show *show)
{
	uint64_t done = show->done.bytes, total = show->total.bytes;
	char text[32];

	if (total > 0 && show->confirmed)
		done = total;
	else if (total > 0 && done >= total)
		done = total - 1;
	put(show, text, (size_t)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)done));
}

static void put_line(struct show *show, const struct progress *progress)
{
	char text[PIPE_BUF] = "\r";
	/* One column stays free: after the last column the cursor would wrap. */
	size_t length =
		show->phase == SHOW_COUNTING
			? 1 + (size_t)snprintf(text + 1, sizeof(text) - 8, "%s...", progress->name)
			: 1 + progress_line(progress, columns_of(show->fd) - 1, show->utf8,
					    text + 1, sizeof(text) - 8);

	memcpy(text + length, "\033[K", 3);
	put(show, text, length + 3);
	show->line_open = true;
}

static void draw(struct show *show, const char *name, int64_t now)
{
	struct progress progress = {
		.total = show->total,
		.done = show->done,
		.seconds = (double)(now - show->start) / 1000,
		.name = name,
		.phase = phases[show->phase].key,
		.confirmed = show->confirmed,
	};
	char text[PIPE_BUF];
	size_t length;

	switch (show->mode) {
	case SHOW_NONE:
		break;
	case SHOW_TTY:
		put_line(show, &progress);
		break;
	case SHOW_JSON:
		length = progress_json(&progress, text, sizeof(text) - 1);
		text[length] = '\n';
		put(show, text, length + 1);
		break;
	case SHOW_GUI:
		put_gui(show);
		break;
	}
	show->last = now;
	show->begun = true;
}

/*
 * All is sent. If that is less than the total, the total was wrong, or files have vanished. A
 * wrapper goes on counting against its own.
 */
static void correct_total(struct show *show)
{
	if (show->mode != SHOW_GUI &&
	    (show->total.bytes > show->done.bytes || show->total.entries > show->done.entries))
		show->total = show->done;
}

void show_phase(struct show *show, enum show_phase phase)
{
	show->phase = phase;
	if (phase == SHOW_CONFIRMING)
		correct_total(show);
	/* The rate and the time left are those of sending. */
	if (phase == SHOW_SENDING)
		show->start = clock_now();
	/* A wrapper is told the beginning, and then how far it is. */
	if (show->mode == SHOW_JSON || (show->mode == SHOW_GUI && !show->begun) ||
	    (show->mode == SHOW_TTY && phases[phase].text))
		draw(show, show->mode == SHOW_TTY ? phases[phase].text : "", clock_now());
}

void show_progress(struct show *show, struct qfile_size done, const char *name)
{
	int64_t now;

	if (show->mode == SHOW_NONE)
		return;
	show->done = done;
	now = clock_now();
	if (now - show->last >= INTERVAL)
		draw(show, name, now);
}

void show_end(struct show *show, struct qfile_size done, const char *name)
{
	show->done = done;
	show->confirmed = true;
	correct_total(show);
	draw(show, name, clock_now());
	if (show->line_open)
		put(show, "\n", 1);
	show->line_open = false;
}

void show_clear(struct show *show)
{
	if (show->line_open)
		put(show, "\r\033[K", 4);
	show->line_open = false;
}

void show_text(struct show *show, const char *text)
{
	char line[PIPE_BUF];
	const size_t columns = columns_of(show->fd) - 1;
	size_t used;

	if (show->mode != SHOW_TTY)
		return;
	line[0] = '\r';
	if (show->utf8)
		text_displayable(text, strlen(text), line + 1, sizeof(line) - 8, columns);
	else
		text_printable(text, strlen(text) < columns ? strlen(text) : columns, line + 1,
			       sizeof(line) - 8);
	used = strlen(line);
	memcpy(line + used, "\033[K", 3);
	put(show, line, used + 3);
	show->line_open = true;
}

void show_object(const struct show *show, const char *json, size_t length)
{
	if (show->mode == SHOW_JSON)
		put(show, json, length);
}

void show_last(struct show *show, const char *json, size_t length)
{
	struct pollfd pollfd = {.fd = show->fd, .events = POLLOUT};

	while (show->mode == SHOW_JSON && length > 0) {
		/* What a pipe has room for at least, if it has any. */
		ssize_t n = poll(&pollfd, 1, PATIENCE) == 1 && pollfd.revents & POLLOUT
				    ? write(show->fd, json, length < PIPE_BUF ? length : PIPE_BUF)
				    : -1;

		if (n <= 0)
			return;
		json += n;
		length -= (size_t)n;
	}
}
