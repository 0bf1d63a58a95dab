/*
 * Removing what a directory contains.
 *
 * A tree may be deeper than there are descriptors, and its directories may be unreadable. So this
 * does not descend: it moves a directory that is not empty up to the top, under a number for a
 * name, and empties it there in its turn.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/remove.h"

#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static DIR *open_list(int dir)
{
	return directory_read(openat(dir, ".", OPEN_DIRECTORY));
}

/* The next entry that is neither "." nor "..". */
static const struct dirent *next_entry(DIR *list)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry;
}

/*
 * Remove an entry of `dir` that is not a directory, or is an empty one. -ENOTEMPTY: a directory
 * with something in it; its mode is now 0700.
 */
static int remove_simple(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	/* For a directory POSIX says EPERM, and Linux EISDIR. */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	/* So that it can be moved and read. */
	return fchmodat(dir, name, 0700, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : -ENOTEMPTY;
}

/* Move the directory `name` in `dir` to `top`, under the next free number. */
static int move_up(int dir, const char *name, int top, unsigned long long *number)
{
	char to[24];

	do
		snprintf(to, sizeof(to), "%llu", (*number)++);
	while (renameat2(dir, name, top, to, RENAME_NOREPLACE) < 0 && errno == EEXIST);
	return errno && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -errno : 0;
}

/* Empty the directory `name` in `top`: the directories in it go up to `top`. */
static int empty(int top, const char *name, unsigned long long *number)
{
	int dir = openat(top, name, OPEN_DIRECTORY), r = 0;
	const struct dirent *entry;
	DIR *list;

	if (dir < 0)
		return -errno;
	list = open_list(dir);
	r = list ? 0 : -errno;
	while (r == 0 && (entry = next_entry(list))) {
		r = remove_simple(dir, entry->d_name);
		if (r == -ENOTEMPTY)
			r = move_up(dir, entry->d_name, top, number);
	}
	if (list)
		closedir(list);
	close(dir);
	return r;
}

/* Go through `top` once. Returns 1 if it had any entries, 0 if it was empty. */
static int empty_top(int top, unsigned long long *number)
{
	DIR *list = open_list(top);
	const struct dirent *entry;
	int r = 0, entries = 0;

	if (!list)
		return -errno;
	while (r == 0 && (entry = next_entry(list))) {
		entries = 1;
		r = remove_simple(top, entry->d_name);
		if (r == -ENOTEMPTY)
			r = empty(top, entry->d_name, number);
	}
	closedir(list);
	return r < 0 ? r : entries;
}

int remove_contents(int dir)
{
	unsigned long long number = 0;
	int r;

	while ((r = empty_top(dir, &number)) > 0)
		;
	return r;
}
