/*
 * Staging directories: making, locking, adopting and removing them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/staging.h"

#include "io/directory.h"
#include "io/remove.h"
#include "receive/commit/move.h"
#include "receive/commit/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void staging_close(struct staging *staging)
{
	if (staging->tree >= 0)
		close(staging->tree);
	if (staging->dir >= 0)
		close(staging->dir);
	staging->tree = staging->dir = -1;
}

/* Lock what is open. *status: what it is. */
static int lock(struct staging *staging, struct stat *status)
{
	int r = 0;

	if (flock(staging->dir, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		if (r == -ENOLCK || move_is_unknown(errno))
			staging->lacks = "it has no locks";
	} else if (fstat(staging->dir, status) < 0)
		r = -errno;
	/*
	 * Before it was locked, another receiver may have thought that it was left over, and have
	 * removed it.
	 */
	else if (status->st_nlink == 0)
		r = -EAGAIN;
	if (r < 0)
		staging_close(staging);
	return r;
}

/* A name that no staging directory has, in all likelihood. */
static int make_name(char name[STAGING_NAME_SIZE])
{
	unsigned long long number;

	if (getrandom(&number, sizeof(number), 0) < 0)
		return -errno;
	snprintf(name, STAGING_NAME_SIZE, "%s%016llx", QFILE_STAGING_PREFIX, number);
	return 0;
}

bool staging_keeps_mode(const struct staging *staging)
{
	/* A bit that nobody needs, and that no file system takes for something else. */
	static const mode_t tried = S_IXOTH;
	struct stat before, after;
	bool keeps;

	if (fstat(staging->dir, &before) < 0 || (before.st_mode & 07777) == STAGING_MODE)
		return true;
	if (fchmod(staging->dir, (before.st_mode & 07777) ^ tried) < 0)
		return false;
	keeps = fstat(staging->dir, &after) < 0 || after.st_mode != before.st_mode;
	fchmod(staging->dir, before.st_mode & 07777);
	return keeps;
}

/*
 * Has a receiver made this directory? It says so by its mode, which no sender can give to one. A
 * file system that keeps no modes keeps no names of ours that were sent either: those were refused.
 */
static bool is_ours(const struct staging *staging, const struct stat *status)
{
	return directory_is_ours(staging->dir) &&
	       ((status->st_mode & 07777) == STAGING_MODE || !staging_keeps_mode(staging));
}

int staging_adopt(struct staging *staging, int incoming, const char *name)
{
	struct stat status;
	int r;

	if (strlen(name) != STAGING_NAME_SIZE - 1 ||
	    strncmp(name, QFILE_STAGING_PREFIX, strlen(QFILE_STAGING_PREFIX)) != 0 ||
	    strspn(name + strlen(QFILE_STAGING_PREFIX), "0123456789abcdef") != 16)
		return -ENOTDIR;
	*staging = (struct staging){.incoming = incoming, .tree = -1};
	memcpy(staging->name, name, STAGING_NAME_SIZE);
	staging->dir = openat(incoming, name, OPEN_DIRECTORY);
	if (staging->dir < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	r = lock(staging, &status);
	if (r == 0 && !is_ours(staging, &status)) {
		/* Its maker may have died before it had its mode. Then it is empty. */
		if (status.st_uid == geteuid())
			unlinkat(incoming, name, AT_REMOVEDIR);
		staging_close(staging);
		r = -ENOTDIR;
	}
	return r;
}

static const char cannot_remove[] = "nothing can be removed there",
		  cannot_rename[] = "nothing can be renamed there";

static bool is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Remove a file. Has it gone? Some file systems only say so. */
static bool can_remove(int dir, const char *name)
{
	return unlinkat(dir, name, 0) == 0 && !is_there(dir, name);
}

/* Can a file here have a second name? */
static int try_second_name(struct staging *staging)
{
	int dir = staging->dir;
	int fd = openat(dir, STAGING_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r = 0;

	if (fd < 0)
		return -errno;
	close(fd);
	if (linkat(dir, STAGING_FILE, dir, STAGING_LIST, 0) < 0)
		r = -errno;
	else if (!can_remove(dir, STAGING_LIST))
		staging->lacks = cannot_remove;
	if (!can_remove(dir, STAGING_FILE))
		staging->lacks = cannot_remove;
	return r;
}

/* A rename of what we have just made has failed. */
static int no_rename(struct staging *staging, int error)
{
	if (error != EPERM && error != EACCES)
		return -error;
	staging->lacks = cannot_rename;
	return -EOPNOTSUPP;
}

/*
 * Give the tree its name as the entries will get theirs: with the flag that keeps a rename from
 * replacing anything, or without. Then directories go over empty ones, and files need second names.
 */
static int name_tree(struct staging *staging)
{
	int dir = staging->dir, r;

	if (renameat2(dir, STAGING_NEW, dir, STAGING_TREE, RENAME_NOREPLACE) == 0)
		return 0;
	if (!move_takes_other_way(errno))
		return no_rename(staging, errno);
	staging->flagless = true;
	if (mkdirat(dir, STAGING_TREE, 0700) < 0 ||
	    renameat(dir, STAGING_NEW, dir, STAGING_TREE) < 0)
		return no_rename(staging, errno);
	r = try_second_name(staging);
	if (staging->lacks)
		return -EOPNOTSUPP;
	if (r == -EPERM || r == -EMLINK || move_is_unknown(-r)) {
		staging->lacks = "it can neither rename without replacing nor make hard links";
		return -EOPNOTSUPP;
	}
	return r;
}

/*
 * What does the file system not keep? Where that cannot be seen, it is not known to be kept. Who
 * keeps times to 100 nanoseconds, as NTFS does, keeps them.
 */
static unsigned find_lost(int dir)
{
	static const mode_t mode = 0711;
	const struct timespec time = {.tv_sec = 1000000001, .tv_nsec = 123456700};
	const struct timespec times[2] = {time, time};
	const bool mode_set = fchmod(dir, mode) == 0, times_set = futimens(dir, times) == 0;
	struct stat status = {.st_mode = 0};
	unsigned lost = 0;

	(void)!fstat(dir, &status);
	if (!mode_set || (status.st_mode & 07777) != mode || fchmod(dir, 0700) < 0)
		lost |= QFILE_LOST_MODES;
	if (!times_set || status.st_mtim.tv_sec != time.tv_sec ||
	    status.st_mtim.tv_nsec != time.tv_nsec)
		lost |= QFILE_LOST_TIMES;
	return lost;
}

static int make_tree(struct staging *staging)
{
	int r;

	/* Not set-group-ID, which the directories that arrive in it would inherit. */
	staging->tree = directory_make_anywhere(staging->dir, STAGING_NEW, 0700);
	if (staging->tree < 0)
		return staging->tree;
	r = name_tree(staging);
	if (r == 0 && is_there(staging->dir, STAGING_NEW)) {
		staging->lacks = cannot_rename;
		r = -EOPNOTSUPP;
	}
	if (r < 0)
		return r;
	staging->lost = find_lost(staging->tree);
	staging->folds = is_there(staging->dir, STAGING_FOLDED);
	staging->sync_each = sync_needs_each(staging->tree);
	r = sync_probe(staging->tree, staging->sync_each);
	if (r == -EOPNOTSUPP)
		staging->lacks = SYNC_LACKS;
	if (r < 0)
		return r;
	/*
	 * A default ACL, inherited from a directory above, would change the modes that were sent.
	 */
	fremovexattr(staging->tree, "system.posix_acl_default");
	return 0;
}

/* How often somebody else may have been in the way, by chance. */
#define TRIES 16

/* Make the directory, and lock it before anybody else does. */
static int make_locked(struct staging *staging)
{
	struct stat status;
	int r = -EEXIST;

	for (int i = 0; i < TRIES && (r == -EEXIST || r == -ENOENT || r == -EAGAIN); i++) {
		r = make_name(staging->name);
		if (r < 0)
			return r;
		staging->dir =
			directory_make_anywhere(staging->incoming, staging->name, STAGING_MODE);
		r = staging->dir < 0 ? staging->dir : lock(staging, &status);
		if (r == -EAGAIN)
			unlinkat(staging->incoming, staging->name, AT_REMOVEDIR);
	}
	if (r == -EEXIST)
		staging->lacks = "every name seems to be taken there";
	if (r == -EAGAIN)
		staging->lacks = "its locks are never free";
	return r;
}

int staging_create(struct staging *staging, int incoming)
{
	int r;

	*staging = (struct staging){.incoming = incoming, .dir = -1, .tree = -1};
	r = make_locked(staging);
	if (staging->lacks) {
		unlinkat(incoming, staging->name, AT_REMOVEDIR);
		return -EOPNOTSUPP;
	}
	if (r < 0)
		return r;
	r = make_tree(staging);
	if (r < 0)
		staging_remove(staging);
	return r;
}

/*
 * Whoever finds it must not finish it, now or when a part is removed. There is nothing to rename
 * where it was not decided.
 */
static void undecide(const struct staging *staging)
{
	renameat(staging->dir, STAGING_COMMIT, staging->dir, STAGING_TREE);
}

void staging_abandon(struct staging *staging)
{
	undecide(staging);
	staging_close(staging);
}

int staging_remove(struct staging *staging)
{
	int r;

	undecide(staging);
	r = remove_contents(staging->dir);
	if (r == 0 && unlinkat(staging->incoming, staging->name, AT_REMOVEDIR) < 0)
		r = -errno;
	staging_close(staging);
	return r;
}

int staging_remove_empty(struct staging *staging)
{
	if ((unlinkat(staging->dir, STAGING_TREE, AT_REMOVEDIR) < 0 &&
	     unlinkat(staging->dir, STAGING_COMMIT, AT_REMOVEDIR) < 0) ||
	    unlinkat(staging->incoming, staging->name, AT_REMOVEDIR) < 0)
		return -ENOTEMPTY;
	staging_close(staging);
	return 0;
}
