/*
 * Moving an entry of a delivery to its final name, and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool move_is_unknown(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

bool move_takes_other_way(int error)
{
	return move_is_unknown(error) || error == EPERM;
}

/* Only the owner may do anything, and the sticky bit, which no sender can give to a directory. */
static bool has_mode_of_ours(const struct stat *status)
{
	return (status->st_mode & (S_ISVTX | S_ISUID | 0077)) == S_ISVTX;
}

/*
 * Is the directory `name` one that was made for one of ours? Whether it is empty still, the rename
 * over it finds out.
 */
static bool is_claimed(const struct staging *staging, const char *name)
{
	struct stat status;

	return fstatat(staging->incoming, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode) &&
	       (has_mode_of_ours(&status) || !staging_keeps_mode(staging));
}

static int directory_in(const struct staging *staging, const char *name, bool again)
{
	int r = mkdirat(staging->incoming, name, STAGING_MODE) < 0 ? -errno : 0;

	if (r == -EEXIST && again && is_claimed(staging, name))
		r = 0;
	if (r < 0)
		return r;
	if (renameat(staging->tree, name, staging->incoming, name) == 0)
		return 0;
	r = -errno;
	unlinkat(staging->incoming, name, AT_REMOVEDIR);
	/* Somebody has put something into it, or something else in its place. */
	return r == -ENOTEMPTY || r == -ENOTDIR ? -EEXIST : r;
}

/* Is `name` the same file here and there already? */
static bool is_in(const struct staging *staging, const char *name, const struct stat *status)
{
	struct stat there;

	return fstatat(staging->incoming, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_dev == status->st_dev && there.st_ino == status->st_ino;
}

static int link_in(const struct staging *staging, const char *name, const struct stat *status)
{
	int r = linkat(staging->tree, name, staging->incoming, name, 0) < 0 ? -errno : 0;

	return r == -EEXIST && is_in(staging, name, status) ? 0 : r;
}

/* Is `name` a link with this target? */
static bool points_to(int dir, const char *name, const char *target)
{
	char there[QFILE_NAME_MAX + 1];
	ssize_t length = readlinkat(dir, name, there, sizeof(there) - 1);

	return length >= 0 && strlen(target) == (size_t)length &&
	       memcmp(target, there, (size_t)length) == 0;
}

/* Where links have no second names: make another one like it. It is whole when it is there. */
static int make_link_in(const struct staging *staging, const char *name, const struct stat *status,
			bool again)
{
	struct timespec times[2] = {status->st_atim, status->st_mtim};
	char target[QFILE_NAME_MAX + 1];
	ssize_t length = readlinkat(staging->tree, name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	if (symlinkat(target, staging->incoming, name) < 0 &&
	    (errno != EEXIST || !again || !points_to(staging->incoming, name, target)))
		return -errno;
	/* The child could do without them where the file system keeps no times of links. */
	utimensat(staging->incoming, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

/*
 * Has a mover that died brought it half the way without flags? The file system may know flags by
 * now: another driver serves it.
 */
static bool is_half_way(const struct staging *staging, const char *name, const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return staging_keeps_mode(staging) && is_claimed(staging, name);
	return is_in(staging, name, status);
}

/*
 * A directory that gets another one above it has been written to, as f2fs has it. It is the
 * sender's time that counts.
 */
static void give_time_back(const struct staging *staging, const char *name,
			   const struct stat *status)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
	struct stat moved;

	if (fstatat(staging->incoming, name, &moved, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (moved.st_mtim.tv_sec != status->st_mtim.tv_sec ||
	     moved.st_mtim.tv_nsec != status->st_mtim.tv_nsec))
		utimensat(staging->incoming, name, times, AT_SYMLINK_NOFOLLOW);
}

int move_in(const struct staging *staging, const char *name, const struct stat *status, bool again)
{
	int r = renameat2(staging->tree, name, staging->incoming, name, RENAME_NOREPLACE) < 0
			? -errno
			: 0;

	if (r == -EEXIST && again && is_half_way(staging, name, status))
		r = -ENOSYS;
	if (S_ISDIR(status->st_mode)) {
		if (move_takes_other_way(-r))
			r = directory_in(staging, name, again);
		if (r == 0)
			give_time_back(staging, name, status);
		return r;
	}
	if (!move_takes_other_way(-r))
		return r;
	r = link_in(staging, name, status);
	if (S_ISLNK(status->st_mode) && (move_is_unknown(-r) || r == -EPERM))
		r = make_link_in(staging, name, status, again);
	if (r < 0)
		return r;
	return unlinkat(staging->tree, name, 0) < 0 ? -errno : 0;
}

void move_back(const struct staging *staging, const char *name, ino_t ino)
{
	struct stat here;

	/* Its mover has not taken the first name from it yet. A rename would do nothing. */
	if (fstatat(staging->tree, name, &here, AT_SYMLINK_NOFOLLOW) == 0 && here.st_ino == ino)
		unlinkat(staging->incoming, name, 0);
	else if (renameat2(staging->incoming, name, staging->tree, name, RENAME_NOREPLACE) < 0 &&
		 move_takes_other_way(errno))
		renameat(staging->incoming, name, staging->tree, name);
}

void move_unclaim(const struct staging *staging, const char *name)
{
	if (is_claimed(staging, name))
		unlinkat(staging->incoming, name, AT_REMOVEDIR);
}

int move_within(const struct staging *staging, const char *name, const char *free_name)
{
	if (renameat2(staging->tree, name, staging->tree, free_name, RENAME_NOREPLACE) == 0)
		return 0;
	if (!move_takes_other_way(errno))
		return -errno;
	return renameat(staging->tree, name, staging->tree, free_name) < 0 ? -errno : 0;
}
