/*
 * The file that is looked for, and what happens to it: when it was opened, and when changed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HOLDERS_TARGET_H
#define HOLDERS_TARGET_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct target {
	const char *directory; /* the private directory's path, */
	const char *base;      /* its last component, which is random, */
	const char *path;      /* and the path of the file in it */
	const char *name;      /* the last component of `path` */
	/*
	 * An inotify instance of our own, for the whole session: later there may be none to be had.
	 * Or a negative errno; then target_names() tries again.
	 */
	int inotify;
	int watch;         /* of the directory, as inotify numbers it */
	bool opened;       /* somebody has opened the file since target_begin(), or may have */
	bool changed;      /* somebody has written to it, or put another one in its place */
	bool opened_last;  /* somebody has opened it after all that has changed it, or may have */
	int64_t last_open; /* when, as clock_now(); else when target_begin() was called */
	int64_t last_change;
};

/*
 * Begin to watch; the four strings are set, and must live as long. It cannot fail: where nothing
 * can be watched, `opened` and `changed` are true.
 */
void target_begin(struct target *target);
void target_end(struct target *target);
/*
 * Take note of what has happened. `ours`: so often has this process itself opened the file since
 * the last call, which is no news.
 */
void target_read(struct target *target, unsigned ours);

/*
 * An inode, as inotify's lines in /proc/PID/fdinfo/FD name it. The kernel encodes it in its own
 * way, which on some file systems is not that of stat().
 */
struct watched {
	unsigned long inode, device;
};

bool watched_parse(const char *line, struct watched *watched);
/* How inotify names both. What is not there has the inode 0, which nothing has. */
struct target_names {
	struct watched directory, file;
};

/* Returns 0 or a negative errno. */
int target_names(struct target *target, struct target_names *names);

#endif
