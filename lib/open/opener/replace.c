/*
 * Replacing a target with the saves of a file, one after another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/replace.h"
#include "format/name.h"

#include "io/stream.h"
#include "open/content.h"
#include "open/opener/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

void target_close(struct target *target)
{
	if (target->fd >= 0)
		close(target->fd);
	if (target->dir >= 0)
		close(target->dir);
	target->fd = target->dir = -1;
}

int target_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -EWOULDBLOCK : 0;
}

/* ---- Has a file changed? ---- */

/* More than the resolution of every file system's times. */
#define SETTLED_SECONDS 2

static bool is_settled(const struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - status->st_mtim.tv_sec > SETTLED_SECONDS &&
	       now.tv_sec - status->st_ctim.tv_sec > SETTLED_SECONDS;
}

void target_note(struct target *target, const struct stat *status)
{
	target->seen.status = *status;
	target->seen.settled = is_settled(status);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Have we renamed the file since it was looked at? That changes its ctime. */
enum renaming {
	NOT_RENAMED,
	RENAMED
};

/* Do two looks at one file say that nothing was written to it in between? */
static bool same_status(const struct stat *a, const struct stat *b, enum renaming renaming)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       (renaming == RENAMED || same_time(&a->st_ctim, &b->st_ctim));
}

static int sum(int fd, uint32_t *crc)
{
	unsigned char *buffer = malloc(STREAM_BUFFER_SIZE);
	struct content content = {.crc = 0};
	int r = buffer ? content_read(fd, buffer, &content) : -ENOMEM;

	free(buffer);
	*crc = content.crc;
	return r;
}

/*
 * Compare the content with `seen`: a file that was only touched, or written again with the same
 * content, has not changed. If so, note the new status in *seen. -ESTALE: the content has changed.
 */
static int compare(int fd, const struct stat *status, struct seen *seen)
{
	struct seen now = {.status = *status, .settled = is_settled(status)};
	struct stat after;
	int r;

	if (status->st_size != seen->status.st_size)
		return -ESTALE;
	r = sum(fd, &now.crc);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	if (now.crc != seen->crc || !same_status(status, &after, NOT_RENAMED))
		return -ESTALE;
	*seen = now;
	return 0;
}

/* Open `name`, if it is still what *seen says. Returns a descriptor. -ESTALE: it is not. */
static int look(int dir, const char *name, struct seen *seen, enum renaming renaming)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
	    r = 0;
	struct stat status;

	if (fd < 0)
		/* It is a link, or a socket. */
		return errno == ELOOP || errno == ENXIO ? -ESTALE : -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!S_ISREG(status.st_mode))
		r = -ESTALE;
	else if (!seen->settled || !same_status(&seen->status, &status, renaming))
		r = compare(fd, &status, seen);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* ---- Replacing ---- */

/* Sync a directory; one that may not be read through the file system of `fd`, a file in it. */
static int sync_directory(int dir, int fd)
{
	if (fsync(dir) == 0)
		return 0;
	return (errno != EBADF && errno != EINVAL) || syncfs(fd) < 0 ? -errno : 0;
}

/*
 * Open the save again by its name, read-only, and lock it. Returns -1 if that fails. save->fd
 * cannot be kept open for the lock: a program that is open for writing cannot be run.
 */
static int open_locked(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		target_lock(fd);
	return fd;
}

/* Note that the save, open as `fd`, is at target->name now, and make that durable. */
static int note_replaced(struct target *target, struct save *save, int fd)
{
	if (target->fd >= 0)
		close(target->fd);
	target->fd = fd;
	target->seen.crc = save->crc;
	target->seen.settled = false;
	save->name[0] = '\0';
	if (fstat(save->fd, &target->seen.status) < 0)
		return -errno;
	return sync_directory(target->dir, save->fd);
}

/* Exchange the names again. If something else is at one of them by now, do not remove it. */
static void exchange_back(const struct target *target, struct save *save)
{
	struct stat ours, there;

	if (renameat2(target->dir, save->name, target->dir, target->name, RENAME_EXCHANGE) == 0 &&
	    fstat(save->fd, &ours) == 0 &&
	    fstatat(target->dir, save->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_dev == ours.st_dev && there.st_ino == ours.st_ino)
		return;
	save->name[0] = '\0';
}

/* Exchange the save and the file, then check that the file was the one that was seen. */
static int exchange(struct target *target, struct save *save)
{
	int r;

	if (renameat2(target->dir, save->name, target->dir, target->name, RENAME_EXCHANGE) < 0) {
		if (errno != EINVAL && errno != ENOSYS)
			/* EBUSY here means a mount; for our caller it means another opener. */
			return errno == EBUSY ? -EXDEV : -errno;
		/* The file system cannot exchange names. The file was checked a moment ago. */
		return renameat(target->dir, save->name, target->dir, target->name) < 0 ? -errno
											: 0;
	}
	r = look(target->dir, save->name, &target->seen, RENAMED);
	if (r < 0) {
		exchange_back(target, save);
		return r;
	}
	close(r);
	unlinkat(target->dir, save->name, 0);
	return 0;
}

/* Backup `number` of `name`: "name~", "name.~1~" and so on. A name that is too long is cut. */
static void backup_name(const char *name, unsigned number, char backup[NAME_MAX + 1])
{
	char end[sizeof(".~4294967295~")] = "~";
	size_t length = strlen(name), room;

	if (number > 0)
		snprintf(end, sizeof(end), ".~%u~", number);
	room = NAME_MAX - strlen(end);
	if (length > room) {
		length = room;
		/* Not inside of a character. */
		while (length > 1 && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
	}
	snprintf(backup, NAME_MAX + 1, "%.*s%s", (int)length, name, end);
}

/* Link the file to a backup name. */
static int make_backup(const struct target *target, char backup[NAME_MAX + 1])
{
	unsigned number = 0;

	do {
		backup_name(target->name, number, backup);
		if (linkat(target->dir, target->name, target->dir, backup, 0) == 0)
			return 0;
	} while (errno == EEXIST && number++ < UINT_MAX);
	return -errno;
}

/* Give the save the target's attributes and a temporary name, and bring it to stable storage. */
static int prepare(struct target *target, struct save *save)
{
	int fd = look(target->dir, target->name, &target->seen, NOT_RENAMED), r;

	if (fd < 0)
		return fd;
	r = attributes_copy(fd, save->fd);
	close(fd);
	if (r == 0 && fsync(save->fd) < 0)
		r = -errno;
	return r == 0 ? save_name(save) : r;
}

int target_replace(struct target *target, struct save *save, char backup[NAME_MAX + 1])
{
	int r = prepare(target, save), fd;

	if (r == 0 && backup)
		r = make_backup(target, backup);
	if (r < 0)
		return r;
	fd = open_locked(save->dir, save->name);
	r = exchange(target, save);
	if (r == 0)
		return note_replaced(target, save, fd);
	if (fd >= 0)
		close(fd);
	if (backup)
		unlinkat(target->dir, backup, 0);
	return r;
}

int target_create(struct target *target, struct save *save, const char *name)
{
	char final[NAME_MAX + 1];
	int dir, r = fsync(save->fd) < 0 ? -errno : 0;

	snprintf(final, sizeof(final), "%s", name);
	if (r == 0)
		r = save_link(save, final);
	for (unsigned number = 2; r == -EEXIST && number > 0; number++) {
		r = name_numbered(name, number, final);
		if (r == 0)
			r = save_link(save, final);
	}
	if (r < 0)
		return r;
	dir = fcntl(save->dir, F_DUPFD_CLOEXEC, 0);
	if (dir < 0) {
		r = -errno;
		unlinkat(save->dir, final, 0);
		return r;
	}
	target_close(target);
	target->dir = dir;
	memcpy(target->name, final, sizeof(final));
	r = note_replaced(target, save, open_locked(dir, final));
	if (r < 0)
		unlinkat(dir, final, 0);
	return r;
}

void target_path(int dir, const char *name, char path[4096])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, 4096);
	if (n < 0 || (size_t)n + strlen(name) + 2 > 4096)
		n = 0;
	else if (n > 1) /* not the root directory */
		path[n++] = '/';
	snprintf(path + n, 4096 - (size_t)n, "%s", name);
}
