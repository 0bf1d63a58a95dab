/*
 * Removing what a directory contains.
 *
 * A tree may be deeper than there are descriptors, and its directories may be unreadable. So this
 * does not descend: it moves every directory up to the top, under a number for a name, and empties
 * it there in its turn.
 *
 * A file costs one system call, a directory five: rename, open, list, close, remove. One more where
 * its mode keeps it from being moved.
 *
 * A disk may be so full that nothing can be moved, as exFAT's may be. Then something at the bottom
 * is removed first, and all is tried again.
 *
 * A file system may say that it has removed what it has not. So each pass must have removed
 * something that is not there any more, or it is the last one: otherwise there would be no end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/remove.h"

#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2 /* Linux 6.6; this number on every architecture but alpha */
#define SYS_fchmodat2 452
#endif

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Entries of up to a thousand usual names. */
#define LIST_SIZE ((size_t)32 << 10)
#define ROOM_SIZE ((size_t)4 << 10)

struct removal {
	int top, list_of_top; /* the second one is read from */
	/* The directories moved up and not emptied yet are called by the numbers from `first` on.
	 */
	unsigned long long first, next;
	/* What was removed first: of the top's own entries in this pass, and of the directory that
	 * is being emptied. Empty: nothing was yet.
	 */
	char first_of_top[NAME_MAX + 1], first_of_moved[NAME_MAX + 1];
	bool removed; /* something, in this pass */
	bool sealed;  /* the last directory's mode had to be widened before it could be moved */
	_Alignas(struct dirent64) char list[LIST_SIZE];
	_Alignas(struct dirent64) char room[ROOM_SIZE]; /* the list of a directory that stays */
};

/* Is an entry of this name still, or again, in the directory? */
static bool is_there(int dir, const char *name)
{
	return *name && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Let its owner do everything with the directory `name` of `dir`, which may be a link by now. */
static int widen(int dir, const char *name)
{
	if (syscall(SYS_fchmodat2, dir, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	/* The C library does the same in more calls where the kernel does not know this one. */
	return fchmodat(dir, name, 0700, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/*
 * Move the directory `name` of `dir` to the top. It may replace an empty directory there, which is
 * to be removed as well.
 */
static int move_up(struct removal *removal, int dir, const char *name)
{
	bool widened = false;
	char to[24];
	int r;

	if (removal->sealed) {
		r = widen(dir, name);
		if (r < 0)
			return r;
		widened = true;
	}
	for (;;) {
		snprintf(to, sizeof(to), "%llu", removal->next);
		if (renameat(dir, name, removal->top, to) == 0) {
			removal->next++;
			return 0;
		}
		/* An entry of the top is called like this: it has its own turn. */
		if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) {
			r = -errno;
			if (!is_there(removal->top, to))
				return r;
			removal->next++;
			continue;
		}
		if (widened || (errno != EACCES && errno != EPERM))
			return -errno;
		r = widen(dir, name);
		if (r < 0)
			return r;
		removal->sealed = widened = true;
	}
}

static void note_first(char first[NAME_MAX + 1], const char *name)
{
	if (!*first)
		snprintf(first, NAME_MAX + 1, "%s", name);
}

/* An entry of the directory was removed, as far as the file system says. */
static int note_removed(struct removal *removal, int dir, const char *name)
{
	removal->removed = true;
	note_first(dir == removal->list_of_top ? removal->first_of_top : removal->first_of_moved,
		   name);
	return 0;
}

/* ---- Where nothing can be moved ---- */

static int open_or_widen(int dir, const char *name)
{
	int fd = openat(dir, name, OPEN_DIRECTORY);

	if (fd < 0 && errno == EACCES && widen(dir, name) == 0)
		fd = openat(dir, name, OPEN_DIRECTORY);
	return fd < 0 ? -errno : fd;
}

/*
 * Remove all in the directory that can go without being moved. `first`: what was removed first, or
 * nothing; `below`: a directory in it that stays, or nothing.
 */
static int remove_what_goes(struct removal *removal, int dir, char first[NAME_MAX + 1],
			    char below[NAME_MAX + 1])
{
	ssize_t size;

	*first = *below = '\0';
	while ((size = getdents64(dir, removal->room, sizeof(removal->room))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(removal->room + at);
			const char *name = entry->d_name;

			at += entry->d_reclen;
			if (is_dot_or_dot_dot(name))
				continue;
			if (unlinkat(dir, name, 0) == 0 || unlinkat(dir, name, AT_REMOVEDIR) == 0)
				note_first(first, name);
			else
				note_first(below, name);
		}
	}
	return size < 0 ? -errno : 0;
}

/*
 * Remove something below the directory `name` of `dir`, which cannot be moved, so that the next
 * pass can go on. -ENOSPC: nothing there can go either.
 */
static int make_room(struct removal *removal, int dir, const char *name)
{
	char first[NAME_MAX + 1], below[NAME_MAX + 1];
	int fd = open_or_widen(dir, name), r = fd < 0 ? fd : 0;

	while (r == 0) {
		int next;

		fchmod(fd, 0700);
		r = remove_what_goes(removal, fd, first, below);
		if (r < 0 || *first || !*below)
			break;
		next = open_or_widen(fd, below);
		close(fd);
		fd = next;
		r = fd < 0 ? fd : 0;
	}
	if (r == 0 && !*first)
		r = -ENOSPC;
	else if (r == 0 && is_there(fd, first))
		r = -ENOTEMPTY;
	if (fd >= 0)
		close(fd);
	removal->removed |= r == 0;
	return r;
}

/* ---- Entries ---- */

static int remove_or_move_up(struct removal *removal, int dir, const struct dirent64 *entry)
{
	int r;

	if (entry->d_type != DT_DIR) {
		if (unlinkat(dir, entry->d_name, 0) == 0)
			return note_removed(removal, dir, entry->d_name);
		/* For a directory POSIX says EPERM, and Linux EISDIR. */
		if (errno != EISDIR && errno != EPERM)
			return -errno;
	}
	r = move_up(removal, dir, entry->d_name);
	/* Where nothing can be renamed, a directory that was only just made can go. */
	if (r < 0 && unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0)
		return note_removed(removal, dir, entry->d_name);
	return r == -ENOSPC || r == -EDQUOT ? make_room(removal, dir, entry->d_name) : r;
}

/* Remove one entry of the directory `dir`, or move it up to be removed later. */
static int remove_entry(struct removal *removal, int dir, const struct dirent64 *entry)
{
	int r = remove_or_move_up(removal, dir, entry);

	/* A sealed directory lets nobody take out what it holds. */
	if (r == -EACCES && fchmod(dir, 0700) == 0)
		r = remove_or_move_up(removal, dir, entry);
	/* It was listed before it was moved, or removed. */
	return r == -ENOENT ? 0 : r;
}

/* Remove what the next piece of the list of `dir` names. Returns 0 at its end, else 1. */
static int remove_piece(struct removal *removal, int dir)
{
	ssize_t size = getdents64(dir, removal->list, sizeof(removal->list));

	if (size < 0)
		return -errno;
	for (ssize_t at = 0; at < size;) {
		const struct dirent64 *entry = (const struct dirent64 *)(removal->list + at);
		int r = is_dot_or_dot_dot(entry->d_name) ? 0 : remove_entry(removal, dir, entry);

		if (r < 0)
			return r;
		at += entry->d_reclen;
	}
	/* Nearly always all that there was; where it is not, the directory is not empty yet. */
	return (size_t)size > sizeof(removal->list) - sizeof(struct dirent64);
}

/* Remove the directory `name`, which was moved up and emptied. */
static int remove_emptied(struct removal *removal, int dir, const char *name)
{
	if (unlinkat(removal->top, name, AT_REMOVEDIR) == 0)
		return note_removed(removal, removal->list_of_top, name);
	if (errno == ENOENT)
		return 0;
	/* Not empty after all: the next pass over the top finds it. */
	return (errno == ENOTEMPTY || errno == EEXIST) && !is_there(dir, removal->first_of_moved)
		       ? 0
		       : -errno;
}

/* Empty and remove the directory that was moved up as `name`. */
static int remove_moved(struct removal *removal, const char *name)
{
	int dir = open_or_widen(removal->top, name), r;

	/* Nothing, or an entry of the top that is called like this: it has its own turn. */
	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP ? 0 : dir;
	removal->first_of_moved[0] = '\0';
	do
		r = remove_piece(removal, dir);
	while (r > 0);
	if (r == 0)
		r = remove_emptied(removal, dir, name);
	close(dir);
	return r;
}

static int remove_all_moved(struct removal *removal)
{
	int r = 0;

	while (r == 0 && removal->first < removal->next) {
		char name[24];

		snprintf(name, sizeof(name), "%llu", removal->first++);
		r = remove_moved(removal, name);
	}
	return r;
}

/* Go over the top once. Returns 0 when nothing is left, or nothing more can be removed. */
static int remove_pass(struct removal *removal)
{
	int list = openat(removal->top, ".", OPEN_DIRECTORY), r = 1;

	if (list < 0)
		return -errno;
	removal->list_of_top = list;
	removal->removed = false;
	removal->first_of_top[0] = '\0';
	do {
		r = remove_piece(removal, list);
		if (r >= 0) {
			int moved = remove_all_moved(removal);

			r = moved < 0 ? moved : r;
		}
	} while (r > 0);
	close(list);
	if (r == 0 && is_there(removal->top, removal->first_of_top))
		return -ENOTEMPTY;
	return r < 0 ? r : removal->removed;
}

int remove_contents(int dir)
{
	struct removal *removal = malloc(sizeof(*removal));
	int r;

	if (!removal)
		return -errno;
	*removal = (struct removal){.top = dir};
	do
		r = remove_pass(removal);
	while (r > 0);
	free(removal);
	return r;
}
