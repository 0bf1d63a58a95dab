/*
 * What stands in the way of replacing a file, before anything is sent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/conditions.h"
#include "open/opener/attributes.h"
#include "open/opener/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int conditions_writable(const struct target *target)
{
	return faccessat(target->dir, target->name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) < 0
		       ? -errno
		       : 0;
}

/* The attributes of what is open as `fd`, such as STATX_ATTR_IMMUTABLE; 0 if they are not known. */
static uint64_t attributes_of(int fd)
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0 ? 0 : status.stx_attributes;
}

bool conditions_keeps_all(const struct target *target)
{
	return attributes_of(target->dir) & STATX_ATTR_APPEND;
}

static unsigned of_file(const struct target *target)
{
	const uint64_t attributes = attributes_of(target->fd);
	unsigned notes = target->seen.status.st_nlink > 1 ? OPENER_LINKS : 0;
	int r = conditions_writable(target);

	if (r == -EPERM || attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
		notes |= OPENER_IMMUTABLE;
	else if (r == -EROFS)
		notes |= OPENER_READ_ONLY_MOUNT;
	else if (r < 0)
		notes |= OPENER_READ_ONLY;
	if (attributes & STATX_ATTR_MOUNT_ROOT)
		notes |= OPENER_MOUNT;
	return notes;
}

/*
 * Is it a directory where one may make files, but not remove those of others? Whoever has root's
 * capabilities may.
 */
static bool keeps_its_files(const struct target *target)
{
	struct stat status;

	return fstat(target->dir, &status) == 0 && status.st_mode & S_ISVTX && geteuid() != 0 &&
	       status.st_uid != geteuid() && target->seen.status.st_uid != geteuid();
}

/* Would a file of ours in its place have its owner, its group and its access list? */
static unsigned of_owner(const struct target *target, const struct save *probe)
{
	const struct stat *file = &target->seen.status;
	struct stat status;

	if (attributes_copy(target->fd, probe->fd) == -EPERM)
		return OPENER_OWNER;
	if (fstat(probe->fd, &status) < 0)
		return 0;
	return status.st_uid == file->st_uid && status.st_gid == file->st_gid ? 0 : OPENER_OWNER;
}

unsigned conditions_of(const struct target *target)
{
	unsigned notes = of_file(target);
	struct save probe;
	int r;

	if (conditions_keeps_all(target))
		return notes | OPENER_DIRECTORY;
	r = save_begin(&probe, target->dir, 0);
	if (r < 0)
		return r == -EACCES || r == -EPERM || r == -EROFS ? notes | OPENER_DIRECTORY
								  : notes;
	notes |= of_owner(target, &probe);
	save_end(&probe);
	return keeps_its_files(target) ? notes | OPENER_DIRECTORY : notes;
}
