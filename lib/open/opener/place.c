/*
 * A place that versions of a file are put in, one after another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/place.h"
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

void place_close(struct place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	if (place->dir >= 0)
		close(place->dir);
	place->fd = place->dir = -1;
}

int place_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -EWOULDBLOCK : 0;
}

/* ---- What a file is, and whether it still is ---- */

/* Coarser than the clocks of all file systems. */
#define SETTLED_SECONDS 2

static bool is_settled(const struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - status->st_mtim.tv_sec > SETTLED_SECONDS &&
	       now.tv_sec - status->st_ctim.tv_sec > SETTLED_SECONDS;
}

void place_note(struct place *place, const struct stat *status)
{
	place->seen.status = *status;
	place->seen.settled = is_settled(status);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Does one file's status say that nothing was written in between? `renamed`: it was, which changes
 * its ctime.
 */
static bool same_status(const struct stat *a, const struct stat *b, bool renamed)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       (renamed || same_time(&a->st_ctim, &b->st_ctim));
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
 * The same by its content: a file that was only touched, or written anew as it was, has not
 * changed. `status` is noted if it is.
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
	if (now.crc != seen->crc || !same_status(status, &after, false))
		return -ESTALE;
	*seen = now;
	return 0;
}

/* Open `name`, which must still be what `seen` says. Returns a descriptor. -ESTALE: it is not. */
static int look(int dir, const char *name, struct seen *seen, bool renamed)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
	    r = 0;
	struct stat status;

	if (fd < 0)
		/* A link, or a socket. */
		return errno == ELOOP || errno == ENXIO ? -ESTALE : -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!S_ISREG(status.st_mode))
		r = -ESTALE;
	else if (!seen->settled || !same_status(&seen->status, &status, renamed))
		r = compare(fd, &status, seen);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* ---- Putting a version in a place ---- */

/* `fd`: a file in the directory, for where one may not read that itself, and has to sync more. */
static int sync_directory(int dir, int fd)
{
	if (fsync(dir) == 0)
		return 0;
	return (errno != EBADF && errno != EINVAL) || syncfs(fd) < 0 ? -errno : 0;
}

/*
 * Open the file again, as one that is locked while it is somebody's place; -1: it cannot be.
 * version->fd is not for that: a program that is open for writing somewhere cannot be run.
 */
static int open_locked(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		place_lock(fd);
	return fd;
}

/* What is at place->name now is the version, open as `fd`, which has no other name. */
static int settle(struct place *place, struct version *version, int fd)
{
	if (place->fd >= 0)
		close(place->fd);
	place->fd = fd;
	place->seen.crc = version->crc;
	place->seen.settled = false;
	version->name[0] = '\0';
	if (fstat(version->fd, &place->seen.status) < 0)
		return -errno;
	return sync_directory(place->dir, version->fd);
}

/* Exchange the names again. What appeared meanwhile under either is nobody's to remove. */
static void exchange_back(const struct place *place, struct version *version)
{
	struct stat ours, there;

	if (renameat2(place->dir, version->name, place->dir, place->name, RENAME_EXCHANGE) == 0 &&
	    fstat(version->fd, &ours) == 0 &&
	    fstatat(place->dir, version->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_dev == ours.st_dev && there.st_ino == ours.st_ino)
		return;
	version->name[0] = '\0';
}

/* Exchange the version and what is there, and look at what came out. */
static int exchange(struct place *place, struct version *version)
{
	int r;

	if (renameat2(place->dir, version->name, place->dir, place->name, RENAME_EXCHANGE) < 0) {
		if (errno != EINVAL && errno != ENOSYS)
			/* Something is mounted there; EBUSY means another opener. */
			return errno == EBUSY ? -EXDEV : -errno;
		/* The file system cannot exchange: we have just looked. */
		return renameat(place->dir, version->name, place->dir, place->name) < 0 ? -errno
											: 0;
	}
	r = look(place->dir, version->name, &place->seen, true);
	if (r < 0) {
		exchange_back(place, version);
		return r;
	}
	close(r);
	unlinkat(place->dir, version->name, 0);
	return 0;
}

/* "name~", then "name.~1~" and so on; of a long name so much that it fits. */
static void backup_name(const char *name, unsigned number, char backup[NAME_MAX + 1])
{
	char end[sizeof(".~4294967295~")] = "~";
	size_t length = strlen(name), room;

	if (number > 0)
		snprintf(end, sizeof(end), ".~%u~", number);
	room = NAME_MAX - strlen(end);
	if (length > room) {
		length = room;
		/* Within a character. */
		while (length > 1 && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
	}
	snprintf(backup, NAME_MAX + 1, "%.*s%s", (int)length, name, end);
}

/* Let what is there have another name, too. */
static int make_backup(const struct place *place, char backup[NAME_MAX + 1])
{
	unsigned number = 0;

	do {
		backup_name(place->name, number, backup);
		if (linkat(place->dir, place->name, place->dir, backup, 0) == 0)
			return 0;
	} while (errno == EEXIST && number++ < UINT_MAX);
	return -errno;
}

/* Let the version be a file like that at `place`, and on stable storage, under a temporary name. */
static int prepare(struct place *place, struct version *version)
{
	int fd = look(place->dir, place->name, &place->seen, false), r;

	if (fd < 0)
		return fd;
	r = attributes_copy(fd, version->fd);
	close(fd);
	if (r == 0 && fsync(version->fd) < 0)
		r = -errno;
	return r == 0 ? version_name(version) : r;
}

int place_replace(struct place *place, struct version *version, char backup[NAME_MAX + 1])
{
	int r = prepare(place, version), fd;

	if (r == 0 && backup)
		r = make_backup(place, backup);
	if (r < 0)
		return r;
	fd = open_locked(version->dir, version->name);
	r = exchange(place, version);
	if (r == 0)
		return settle(place, version, fd);
	if (fd >= 0)
		close(fd);
	if (backup)
		unlinkat(place->dir, backup, 0);
	return r;
}

int place_create(struct place *place, struct version *version, const char *name)
{
	char final[NAME_MAX + 1];
	int dir, r = fsync(version->fd) < 0 ? -errno : 0;

	snprintf(final, sizeof(final), "%s", name);
	for (unsigned number = 2;
	     r == 0 && (r = version_link(version, final)) == -EEXIST && number > 0; number++)
		r = name_numbered(name, number, final);
	if (r < 0)
		return r;
	dir = fcntl(version->dir, F_DUPFD_CLOEXEC, 0);
	if (dir < 0) {
		r = -errno;
		unlinkat(version->dir, final, 0);
		return r;
	}
	place_close(place);
	place->dir = dir;
	memcpy(place->name, final, sizeof(final));
	r = settle(place, version, open_locked(dir, final));
	if (r < 0)
		unlinkat(dir, final, 0);
	return r;
}

void place_path(int dir, const char *name, char path[4096])
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
