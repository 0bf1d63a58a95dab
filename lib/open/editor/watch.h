/*
 * Watching one file in a directory: hints that something happens to it.
 *
 * What the events say is not taken for the file's state: some ways to save a file cause no event,
 * and others cause events that look like something else. saves.h looks at the file itself. Only the
 * order of writing and closing, which the file does not show, comes from here.
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
	int wd;                  /* what inotify calls the directory */
	char name[NAME_MAX + 1]; /* of the file in the directory */
	bool opened;             /* it was opened since watch_open() */
	bool saved;              /* it was saved, or opened for writing, since watch_open() */
	int64_t last;            /* when it last changed, as clock_now() */

	/* What happened since the caller set these to false. */
	bool touched;  /* something that may change the file's content */
	bool looked;   /* somebody opened it */
	bool writes;   /* something was written to a file in the directory */
	bool came;     /* another file came to its place, or a new one was made there */
	bool modified; /* it was written to after it had come to its place */

	/* After it was written to last: */
	bool closed;       /* a descriptor for writing was closed, */
	int64_t closed_at; /* the last one then, as clock_now(), */
	unsigned kept;     /* and so many were opened after that and not closed */

	unsigned own; /* so often this process itself has it open now, */
	/* and of its openings and closings so many are still to be told */
	unsigned own_openings, own_closings;
};

/* Watch the file `name` of the directory at the path `directory`. */
int watch_open(struct watch *watch, const char *directory, const char *name);
void watch_close(struct watch *watch);
/* Watch the directory that is at this path now instead. What happened is kept. */
int watch_follow(struct watch *watch, const char *directory);
/* Read the events that have come. Does not wait. */
int watch_read(struct watch *watch);
/*
 * The same where this process has just opened the file itself, or closed it: that is no news. The
 * kernel makes one event of two equal ones that were not read between. So call watch_read() just
 * before opening; who opens it between that and watch_opened_here() may still be missed, but has it
 * open when the file is looked at after that.
 */
int watch_opened_here(struct watch *watch);
int watch_closed_here(struct watch *watch);

#endif
