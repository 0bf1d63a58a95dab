/*
 * Where a save is kept that can be written neither over nor beside its file.
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
 * Fill `keep` with the directories to try in turn, NULL-terminated. They are probably on different
 * disks. `paths` has room for their paths.
 */
void keep_find(char paths[KEEP_MAX][KEEP_SIZE], const char *keep[KEEP_MAX + 1]);

/* The user's home directory, where the directory for deliveries is; NULL if it is not known. */
const char *keep_home(void);

#endif
