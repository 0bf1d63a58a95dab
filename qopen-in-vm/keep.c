/*
 * Where a save is kept that can be written neither over nor beside its file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "keep.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "DIRECTORY/TAIL", where DIRECTORY is an absolute path. */
static bool join(char path[KEEP_SIZE], const char *directory, const char *tail)
{
	return directory && directory[0] == '/' &&
	       snprintf(path, KEEP_SIZE, "%s/%s", directory, tail) < KEEP_SIZE;
}

void keep_find(char paths[KEEP_MAX][KEEP_SIZE], const char *keep[KEEP_MAX + 1])
{
	char own[64];
	int n = 0;

	/*
	 * With the user's other data; on what may be another disk; and in memory, in case all disks
	 * are full.
	 */
	if (join(paths[n], getenv("XDG_DATA_HOME"), "qopen-in-vm") ||
	    join(paths[n], getenv("HOME"), ".local/share/qopen-in-vm"))
		n++;
	snprintf(own, sizeof(own), "qopen-in-vm-%u", (unsigned)geteuid());
	if (join(paths[n], "/var/tmp", own))
		n++;
	if (join(paths[n], getenv("XDG_RUNTIME_DIR"), "qopen-in-vm"))
		n++;
	for (int i = 0; i < n; i++)
		keep[i] = paths[i];
	keep[n] = NULL;
}

const char *keep_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *account;

	if (home && home[0] == '/')
		return home;
	account = getpwuid(geteuid());
	return account && account->pw_dir[0] == '/' ? account->pw_dir : NULL;
}
