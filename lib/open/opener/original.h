/*
 * The original: the file that is opened in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ORIGINAL_H
#define ORIGINAL_H
#include "open/opener/replace.h"

struct original {
	struct target target;    /* the file that symbolic links lead to */
	unsigned notes;          /* enum opener_note */
	char base[NAME_MAX + 1]; /* the last component of the path that was opened */
};

/*
 * Open the file that the kernel finds at `path`, by the name that it has in its own directory, and
 * unless it is only viewed, lock it. If another opener has locked it, `notes` has OPENER_SECOND.
 * Fails as opener_new().
 */
int original_open(struct original *original, const char *path, bool view_only);
void original_close(struct original *original);

#endif
