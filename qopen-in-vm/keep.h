/*
 * Where an edit is kept that can be written neither over nor beside its file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef KEEP_H
#define KEEP_H

enum {
	KEEP_MAX = 3,
	KEEP_SIZE = 4096
};

/*
 * The directories to try, in turn, on disks that are likely to be different ones: `keep` gets them,
 * NULL-terminated; `paths` is where they stand.
 */
void keep_find(char paths[KEEP_MAX][KEEP_SIZE], const char *keep[KEEP_MAX + 1]);

#endif
