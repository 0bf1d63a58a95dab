/*
 * Lists of entries to tell the user of: the first few by name, the others counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LEFT_H
#define LEFT_H
#include <qfile.h>
#include <stddef.h>

#define LEFT_NAMED 10

struct left {
	unsigned long long count;
	char named[LEFT_NAMED][512]; /* each as "NAME": why */
};

/* Add the entry called `name`, unsanitised. `why`: a sentence's end, not kept. */
void left_add(struct left *left, const char *name, const char *why);
/* The same, with what an errno says. */
void left_add_error(struct left *left, const char *name, int code);
/* Tell of each on a line that begins with `before`, such as "left out". */
void left_tell(const struct left *left, const char *before);

#endif
