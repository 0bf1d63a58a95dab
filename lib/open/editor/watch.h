/*
 * Watching one file in a directory, to notice when it is saved.
 *
 * A save is complete when the file was closed after writing, or another file was renamed over it.
 * It is settled when nothing has happened to the file since then for a while: programs write in
 * several steps, and may move the old file away first.
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
	int fd;                  /* of inotify, readable when there are events; -1: not open */
	char name[NAME_MAX + 1]; /* of the file in the directory */
	bool opened;             /* it was opened since watch_open() */
	bool saved;              /* it was saved since watch_open() */
	bool complete;           /* the last save is complete, */
	bool told;               /* and watch_settled() has returned true for it */
	int64_t last;            /* when it last changed, as clock_now() */
};

/* Watch the file `name` of the directory at the path `directory`. */
int watch_open(struct watch *watch, const char *directory, const char *name);
void watch_close(struct watch *watch);
/* Read the events that have come. Does not wait. */
int watch_read(struct watch *watch);
/* Milliseconds until watch_settled() can be true; -1: not before other events come. */
int watch_timeout(const struct watch *watch);
/* Is there a settled save? True once for each save. */
bool watch_settled(struct watch *watch);
/* Let watch_settled() be true again for the same save, after some more time. */
void watch_again(struct watch *watch);

#endif
