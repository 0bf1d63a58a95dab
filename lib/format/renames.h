/*
 * Names that became others on arrival, as a result carries them: pairs of the old name and the new
 * one, each with its NUL. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FORMAT_RENAMES_H
#define FORMAT_RENAMES_H
#include <qfile.h>

/*
 * As much as fits into a result. It may be shared with a process that is killed at any moment: the
 * pairs that count are whole and true at each of them.
 */
struct renames {
	size_t used; /* bytes of pairs */
	bool full;   /* a pair did not fit: no other is added behind it */
	char pairs[QFILE_NAME_MAX];
};

/* `name` is called `final` from now on. If it was renamed before, the older name is kept. */
void renames_note(struct renames *renames, const char *name, const char *final);

#endif
