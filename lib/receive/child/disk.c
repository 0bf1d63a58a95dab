/*
 * What the disk refuses, in the format's words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/disk.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Has a second header taken from this directory what it takes to make entries in it? */
static bool is_sealed(int dir)
{
	struct stat status;

	return fstat(dir, &status) < 0 || (status.st_mode & S_IRWXU) != S_IRWXU;
}

/* Was this directory removed by somebody else? */
static bool is_gone(int dir)
{
	struct stat status;

	return fstat(dir, &status) < 0 || status.st_nlink == 0;
}

int disk_entry_refused(int dir, bool folds, int error)
{
	switch (error) {
	case EACCES:
		return is_sealed(dir) ? -EINVAL : -EACCES;
	case EEXIST:
		return folds ? -ENOTUNIQ : -EEXIST;
	case ENOENT: /* said by some of a name that they do not like */
		return is_gone(dir) ? -ENOENT : -EADDRNOTAVAIL;
	case EINVAL:
	case EILSEQ:
	case EDOM:
		return -EADDRNOTAVAIL;
	case EPERM:
	case ENOSYS:
	case ENOTTY:
		return -EOPNOTSUPP;
	default:
		return -error;
	}
}

int disk_content_refused(int error)
{
	return error == EINVAL || error == EILSEQ ? -EIO : -error;
}

/* Does the disk keep nothing of the kind that was to be set? */
static bool keeps_none(int error)
{
	return error == EPERM || error == ENOSYS || error == EOPNOTSUPP || error == ENOTTY;
}

int disk_times_refused(int error)
{
	if (keeps_none(error))
		return 0;
	return error == EINVAL || error == ERANGE ? -EOVERFLOW : -error;
}

/* Refused for good, unless there is no such thing here. */
static int unless_unknown(int error)
{
	return keeps_none(error) || error == EINVAL ? 0 : -error;
}

int disk_mode_refused(int error)
{
	return unless_unknown(error);
}

int disk_sync_refused(int error)
{
	return unless_unknown(error);
}

int disk_growing_refused(int error)
{
	return unless_unknown(error);
}

int disk_sync(int fd, bool *unsynced)
{
	int r = fsync(fd) == 0 ? 0 : -errno;

	if (r == 0)
		return 0;
	r = disk_sync_refused(-r);
	*unsynced |= r == 0;
	return r;
}

int disk_close(int fd)
{
	return close(fd) == 0 ? 0 : disk_content_refused(errno);
}

int disk_end(int fd, bool sync, bool *unsynced)
{
	int r = sync ? disk_sync(fd, unsynced) : 0, closed = disk_close(fd);

	return r < 0 ? r : closed;
}
