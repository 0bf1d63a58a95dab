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

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INTERVAL 100 /* milliseconds: fast enough to look alive, slow enough to cost nothing */

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

	return saved && *saved >= '0' && *saved <= '9' ? atoi(saved) : STDERR_FILENO;
}

bool show_init(struct show *show, const char *option)
{
	const char *mode = option ? option : from_environment();
	const char *total = getenv("FILECOPY_TOTAL_BYTES");

	*show = (struct show){.fd = STDERR_FILENO};
	show->start = clock_now();
	if (total && !parse_count(total, &show->total.bytes))
		show->total.bytes = 0;
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

void show_on(struct show *show, int fd)
{
	show->mode = SHOW_JSON;
	show->fd = fd;
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

static void put_gui(const struct show *show, const struct progress *progress)
{
	char text[32];
	int percent = progress_percent(progress);

	put(show, text, (size_t)snprintf(text, sizeof(text), "%d\n", percent < 0 ? 0 : percent));
}

static void draw(struct show *show, struct qfile_size done, const char *name, int64_t now)
{
	struct progress progress = {
		.total = show->total,
		.done = done,
		.seconds = (double)(now - show->start) / 1000,
		.name = name,
	};
	char text[PIPE_BUF];
	size_t length;

	switch (show->mode) {
	case SHOW_NONE:
		break;
	case SHOW_TTY:
		text[0] = '\r';
		/* One column stays free: after the last column the cursor would wrap. */
		length = 1 + progress_line(&progress, columns_of(show->fd) - 1, show->utf8,
					   text + 1, sizeof(text) - 8);
		memcpy(text + length, "\033[K", 3);
		put(show, text, length + 3);
		show->line_open = true;
		break;
	case SHOW_JSON:
		length = progress_json(&progress, text, sizeof(text) - 1);
		text[length] = '\n';
		put(show, text, length + 1);
		break;
	case SHOW_GUI:
		put_gui(show, &progress);
		break;
	}
	show->last = now;
}

void show_progress(struct show *show, struct qfile_size done, const char *name)
{
	int64_t now;

	if (show->mode == SHOW_NONE)
		return;
	now = clock_now();
	if (now - show->last >= INTERVAL)
		draw(show, done, name, now);
}

void show_end(struct show *show, struct qfile_size done, const char *name)
{
	draw(show, done, name, clock_now());
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
