/*
 * A copy of what the file has, beside it or elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPENER_COPY_H
#define OPENER_COPY_H
#include "open/opener/replace.h"

struct copy {
	int dir; /* -1: there is none */
	int fd;
	char name[NAME_MAX + 1];
};

/* Make the content of `to` that of `from`, on stable storage. Returns 0 or a negative errno. */
int copy_content(int from, int to);

/*
 * Copy what is open as `fd` to a new file in `dir`, on stable storage. It is called `name`, or if
 * that is taken "name (2)" and so on; where `name` is NULL, it is a backup of the target, "FILE~".
 * Beside the target it has the target's attributes, as far as that can be, and elsewhere the mode
 * 0600. After success, copy->dir is `dir`, which stays the caller's, and copy->fd is to be closed.
 * Returns 0 or a negative errno.
 */
int copy_make(const struct target *target, int fd, int dir, const char *name, struct copy *copy);

#endif
