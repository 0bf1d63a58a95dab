/*
 * The attributes of a file: mode, owner, access control list, extended attributes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/attributes.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Room for extended attributes, up to the kernel's limits. */
struct space {
	char names[XATTR_LIST_MAX];
	unsigned char value[XATTR_SIZE_MAX];
};

static const char access_list[] = "system.posix_acl_access";

static bool begins_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/*
 * Does this attribute only apply to the content as it was? It gives the content privileges, or
 * vouches for it.
 */
static bool is_of_content(const char *name)
{
	return strcmp(name, "security.capability") == 0 || strcmp(name, "security.ima") == 0 ||
	       strcmp(name, "security.evm") == 0;
}

/* May this attribute be left out, if setting it fails with `error`? */
static bool is_dispensable(const char *name, int error)
{
	return (begins_with(name, "security.") || begins_with(name, "trusted.")) &&
	       (error == EPERM || error == EACCES || error == ENOTSUP);
}

static int copy_one(int from, int to, const char *name, bool same_group,
		    unsigned char value[XATTR_SIZE_MAX])
{
	ssize_t size;

	if (is_of_content(name))
		return 0;
	/* What the list says of the file's group would apply to another group. */
	if (!same_group && strcmp(name, access_list) == 0)
		return -EPERM;
	size = fgetxattr(from, name, value, XATTR_SIZE_MAX);
	if (size < 0 && errno == ENODATA)
		return 0; /* removed meanwhile */
	if ((size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0) &&
	    !is_dispensable(name, errno))
		return -errno;
	return 0;
}

static int copy_extended(int from, int to, bool same_group, struct space *space)
{
	ssize_t length = flistxattr(from, space->names, sizeof(space->names));
	int r = 0;

	if (length < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = space->names; r == 0 && name < space->names + length;
	     name += strlen(name) + 1)
		r = copy_one(from, to, name, same_group, space->value);
	return r;
}

/* Copy the owner and the group as far as possible. Returns whether the group is the same now. */
static bool copy_owner(const struct stat *status, int to)
{
	struct stat made;

	if (fstat(to, &made) == 0 && made.st_uid == status->st_uid && made.st_gid == status->st_gid)
		return true;
	return fchown(to, status->st_uid, status->st_gid) == 0 ||
	       fchown(to, (uid_t)-1, status->st_gid) == 0;
}

/* The file may have inherited an access list from the directory. */
static int remove_access_list(int fd)
{
	int r = fremovexattr(fd, access_list) < 0 ? -errno : 0;

	/* Some file systems allow nobody to remove one, and have none. */
	if (r == -EPERM && fgetxattr(fd, access_list, NULL, 0) < 0)
		r = -errno;
	return r == -ENODATA || r == -ENOTSUP ? 0 : r;
}

int attributes_set_mode(int fd, mode_t mode)
{
	int r = fchmod(fd, mode) < 0 ? -errno : 0;
	struct stat status;

	/* It may have the mode although none can be set, and another although one could be. */
	if ((r == 0 || r == -EPERM) && fstat(fd, &status) == 0)
		r = (status.st_mode & 07777) == mode ? 0 : -EPERM;
	return r;
}

int attributes_copy(int from, int to)
{
	struct space *space;
	struct stat status;
	bool same_group;
	mode_t mode;
	int r;

	if (fstat(from, &status) < 0)
		return -errno;
	same_group = copy_owner(&status, to);
	r = remove_access_list(to);
	if (r < 0)
		return r;
	space = malloc(sizeof(*space));
	if (!space)
		return -ENOMEM;
	r = copy_extended(from, to, same_group, space);
	free(space);
	if (r < 0)
		return r;
	mode = status.st_mode & 01777;
	if (!same_group)
		mode &= ~(mode_t)S_IRWXG | (mode & S_IRWXO) << 3;
	return attributes_set_mode(to, mode);
}
