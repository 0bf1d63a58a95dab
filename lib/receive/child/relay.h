/*
 * The stream, as the confined child may have it: a pipe that can do nothing but be read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RELAY_H
#define RELAY_H
#include <sys/types.h>

struct relay {
	int fd;    /* for the child to read */
	pid_t pid; /* the process that fills it; 0: there is none, and fd is what was given */
};

/*
 * Give `in` itself where it is a pipe without a name, open for reading only. Of anything else a
 * process of its own carries the content into such a pipe: what a terminal, a file, a named pipe or
 * a socket allows beside reading is not for the child. That process ends with this one.
 *
 * A negative errno if `in` is not open, or the process cannot be started.
 */
int relay_open(struct relay *relay, int in);

/*
 * Close it, and end its process if there is one. Returns the negative errno with which reading `in`
 * failed, which the child took for the stream's end; else 0.
 */
int relay_close(struct relay *relay);

#endif
