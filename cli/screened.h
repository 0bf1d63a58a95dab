/*
 * What the other side says, made safe to show.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_SCREENED_H
#define CLI_SCREENED_H
#include <sys/types.h>

/* A process that shows what is said. */
struct screened {
	pid_t pid;
	int said; /* what is written here is shown; to be closed once it is somebody's stderr */
	int goes; /* while this is open, more may be said */
};

/*
 * Start a process that passes on to our stderr, line by line and safe for a terminal, what is
 * written to `said`, with `prefix` before each line that does not begin with it. Returns 0 or a
 * negative errno.
 */
int screened_start(struct screened *screened, const char *prefix);
/* Have it show what has been said until now, and wait for its end. `said` is closed already. */
void screened_end(const struct screened *screened);

#endif
