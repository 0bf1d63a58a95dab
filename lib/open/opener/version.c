/*
 * A version of a file, as it comes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/version.h"

#include "io/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name that nobody else thinks of. */
static int think_up_name(char name[NAME_MAX + 1])
{
	unsigned long long number;

	if (getrandom(&number, sizeof(number), 0) < 0)
		return -errno;
	snprintf(name, NAME_MAX + 1, ".qopen-%016llx", number);
	return 0;
}

/* By which the kernel finds an open file that has no name. */
static const char *path_of(int fd, char path[32])
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return path;
}

/* A file with a temporary name: what file systems have that know no other. */
static int create_named(struct version *version)
{
	int r;

	do {
		r = think_up_name(version->name);
		if (r == 0) {
			version->fd =
				openat(version->dir, version->name,
				       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
			r = version->fd < 0 ? -errno : 0;
		}
	} while (r == -EEXIST);
	if (r < 0)
		version->name[0] = '\0';
	return r;
}

static int create(struct version *version)
{
	char path[32];

	version->fd = openat(version->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (version->fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL
			       ? create_named(version)
			       : -errno;
	/* Without /proc it would remain without a name for ever. */
	if (faccessat(AT_FDCWD, path_of(version->fd, path), F_OK, 0) == 0)
		return 0;
	close(version->fd);
	version->fd = -1;
	return create_named(version);
}

int version_begin(struct version *version, int dir, uint64_t announced)
{
	int r;

	*version = (struct version){.dir = dir, .announced = announced};
	r = create(version);
	if (r == 0)
		r = space_check(version->fd, announced);
	if (r < 0)
		version_end(version);
	return r;
}

int version_write(struct version *version, const void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(version->fd, (const char *)bytes + done, size - done,
				   (off_t)(version->size + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	version->size += size;
	return 0;
}

/* Append all that `from` has. */
static int append(struct version *version, const struct version *from)
{
	off_t offset = 0;

	while ((uint64_t)offset < from->size) {
		ssize_t n = sendfile(version->fd, from->fd, &offset, from->size - (uint64_t)offset);

		if (n == 0)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	version->size = from->size;
	return 0;
}

int version_move(struct version *version, int dir)
{
	struct version moved;
	int r = version_begin(&moved, dir, version->announced);

	if (r < 0)
		return r;
	r = append(&moved, version);
	if (r < 0) {
		version_end(&moved);
		return r;
	}
	moved.crc = version->crc;
	version_end(version);
	*version = moved;
	return 0;
}

/*
 * Let the file, which has no name yet, have this one. Only root may do that by the descriptor
 * alone, and only /proc lets others.
 */
static int link_unnamed(const struct version *version, const char *name)
{
	char path[32];

	if (linkat(AT_FDCWD, path_of(version->fd, path), version->dir, name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

int version_name(struct version *version)
{
	char name[NAME_MAX + 1];
	int r = 0;

	if (version->name[0])
		return 0;
	do {
		r = think_up_name(name);
		if (r == 0)
			r = link_unnamed(version, name);
	} while (r == -EEXIST);
	if (r == 0)
		snprintf(version->name, sizeof(version->name), "%s", name);
	return r;
}

int version_link(struct version *version, const char *name)
{
	if (!version->name[0])
		return link_unnamed(version, name);
	if (renameat2(version->dir, version->name, version->dir, name, RENAME_NOREPLACE) < 0) {
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		/* A file system that does not have that, such as NFS, has links. */
		if (linkat(version->dir, version->name, version->dir, name, 0) < 0)
			return -errno;
		unlinkat(version->dir, version->name, 0);
	}
	version->name[0] = '\0';
	return 0;
}

void version_end(struct version *version)
{
	if (version->name[0])
		unlinkat(version->dir, version->name, 0);
	if (version->fd >= 0)
		close(version->fd);
	version->fd = -1;
	version->name[0] = '\0';
}
