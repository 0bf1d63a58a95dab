/*
 * A save: a new content of the file, as it comes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/save.h"

#include "io/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* A random name, which nothing else has. */
static int random_name(char name[NAME_MAX + 1])
{
	unsigned long long number;

	if (getrandom(&number, sizeof(number), 0) < 0)
		return -errno;
	snprintf(name, NAME_MAX + 1, ".qopen-%016llx", number);
	return 0;
}

/* The path by which the kernel finds an open file without a name. */
static const char *path_of(int fd, char path[32])
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return path;
}

/* Make a file with a temporary name, for file systems that have none without a name. */
static int create_named(struct save *save)
{
	int r;

	do {
		r = random_name(save->name);
		if (r == 0) {
			save->fd = openat(save->dir, save->name,
					  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
			r = save->fd < 0 ? -errno : 0;
		}
	} while (r == -EEXIST);
	if (r < 0)
		save->name[0] = '\0';
	return r;
}

static int create(struct save *save)
{
	char path[32];

	save->fd = openat(save->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (save->fd < 0)
		return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL
			       ? create_named(save)
			       : -errno;
	/* Without /proc it could never get a name. */
	if (faccessat(AT_FDCWD, path_of(save->fd, path), F_OK, 0) == 0)
		return 0;
	close(save->fd);
	save->fd = -1;
	return create_named(save);
}

void save_nowhere(struct save *save, int dir, uint64_t announced)
{
	*save = (struct save){.fd = -1, .dir = dir, .announced = announced};
	digest_begin(&save->digest);
}

int save_begin(struct save *save, int dir, uint64_t announced)
{
	int r;

	save_nowhere(save, dir, announced);
	r = create(save);
	if (r == 0)
		r = space_check(save->fd, announced);
	if (r < 0)
		save_end(save);
	return r;
}

int save_write(struct save *save, const void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(save->fd, (const char *)bytes + done, size - done,
				   (off_t)(save->size + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	save->size += size;
	return 0;
}

/* Copy all of `from` to `save`, which is empty. */
static int append(struct save *save, const struct save *from)
{
	off_t offset = 0;

	while ((uint64_t)offset < from->size) {
		ssize_t n = sendfile(save->fd, from->fd, &offset, from->size - (uint64_t)offset);

		if (n == 0)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	save->size = from->size;
	return 0;
}

int save_move(struct save *save, int dir)
{
	struct save moved;
	int r = save_begin(&moved, dir, save->announced);

	if (r < 0)
		return r;
	r = append(&moved, save);
	if (r < 0) {
		save_end(&moved);
		return r;
	}
	moved.digest = save->digest;
	save_end(save);
	*save = moved;
	return 0;
}

/*
 * Give the file, which has none, a name. Only root may do that through the descriptor alone; others
 * need /proc.
 */
static int link_unnamed(const struct save *save, const char *name)
{
	char path[32];

	if (linkat(AT_FDCWD, path_of(save->fd, path), save->dir, name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

int save_name(struct save *save)
{
	char name[NAME_MAX + 1];
	int r = 0;

	if (save->name[0])
		return 0;
	do {
		r = random_name(name);
		if (r == 0)
			r = link_unnamed(save, name);
	} while (r == -EEXIST);
	if (r < 0)
		return r;
	snprintf(save->name, sizeof(save->name), "%s", name);
	/*
	 * Not only before: btrfs brings nothing of a file without a name to stable storage, and if
	 * the power fails when the directory has been synced, the file is there, and empty.
	 */
	return save_sync(save->fd);
}

int save_link(struct save *save, const char *name)
{
	int r = save_name(save);

	if (r < 0)
		return r;
	if (renameat2(save->dir, save->name, save->dir, name, RENAME_NOREPLACE) < 0) {
		if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			return -errno;
		/* A file system without RENAME_NOREPLACE, such as NFS, has hard links. */
		if (linkat(save->dir, save->name, save->dir, name, 0) < 0)
			return -errno;
		unlinkat(save->dir, save->name, 0);
	}
	save->name[0] = '\0';
	return 0;
}

bool save_syncs_whole(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

int save_sync(int fd)
{
	if (fsync(fd) == 0)
		return 0;
	if (!save_syncs_whole(errno))
		return -errno;
	return syncfs(fd) < 0 ? -errno : 0;
}

void save_end(struct save *save)
{
	if (save->name[0])
		unlinkat(save->dir, save->name, 0);
	if (save->fd >= 0)
		close(save->fd);
	save->fd = -1;
	save->name[0] = '\0';
}
