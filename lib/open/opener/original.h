/*
 * The file that is opened in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ORIGINAL_H
#define ORIGINAL_H
#include "open/opener/replace.h"

struct original {
	struct target target;    /* where symbolic links lead to */
	unsigned notes;          /* enum opener_note */
	char base[NAME_MAX + 1]; /* the last component of the path that it was opened by */
};

/*
 * Open the file at `path`. -EINVAL: the path is empty. -EISDIR: a directory. -ENOTSUP: neither that
 * nor a regular file. Else the errno of opening it. For editing it is locked, unless another opener
 * has done so: then notes has OPENER_SECOND.
 */
int original_open(struct original *original, const char *path, bool view_only);
/* May the caller write to it, as its mode and its file system have it? Else a negative errno. */
int original_writable(const struct original *original);
void original_close(struct original *original);

#endif
