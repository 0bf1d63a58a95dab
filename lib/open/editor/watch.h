/*
 * Watching one file in a directory: when has somebody saved it?
 *
 * A save is complete when the file was closed after writing, or another was renamed over it, and
 * nothing has happened to it for a while since: programs write in several goes, and move the
 * earlier file away first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WATCH_H
#define WATCH_H
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct watch {
	int fd;                  /* inotify's: readable when there is news. -1: not open */
	char name[NAME_MAX + 1]; /* of the file in the directory */
	/* Somebody has opened it, or written to it or its name, since watch_open(). */
	bool opened, saved;
	bool complete; /* the last that was written of it is complete, */
	bool told;     /* and watch_settled() has told so */
	int64_t last;  /* when something happened to it last, as clock_now() */
};

/* Watch the file `name` of the directory at the path `directory`. */
int watch_open(struct watch *watch, const char *directory, const char *name);
void watch_close(struct watch *watch);
/* Take in what has happened. Does not wait. */
int watch_read(struct watch *watch);
/* Milliseconds until watch_settled() can be true; -1: that takes more events. */
int watch_timeout(const struct watch *watch);
/* Is there a complete save, that nobody has touched for the quiet time? True once for each. */
bool watch_settled(struct watch *watch);
/* The same save is to be told of again, after another quiet time. */
void watch_again(struct watch *watch);

#endif
