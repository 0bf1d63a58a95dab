/*
 * What a file was when it was looked at last, and whether it still is that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/seen.h"

#include "io/stream.h"
#include "open/content.h"
#include "open/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* More than the resolution of every file system's times. */
#define SETTLED_SECONDS 2

static bool is_settled(int fd, const struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - status->st_mtim.tv_sec > SETTLED_SECONDS &&
	       now.tv_sec - status->st_ctim.tv_sec > SETTLED_SECONDS &&
	       lease_ask(fd) == WRITING_NOBODY;
}

void seen_note(struct seen *seen, int fd, const struct stat *status)
{
	seen->status = *status;
	seen->settled = is_settled(fd, status);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool seen_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Do two looks at one file say that nothing was written to it in between? */
static bool same_status(const struct stat *a, const struct stat *b, enum seen_renaming renaming)
{
	return seen_same_file(a, b) && a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       (renaming == SEEN_RENAMED || same_time(&a->st_ctim, &b->st_ctim));
}

static int find_digest(int fd, uint64_t *digest)
{
	unsigned char *buffer = malloc(STREAM_BUFFER_SIZE);
	struct content content = {.digest = 0};
	int r = buffer ? content_read(fd, buffer, &content) : -ENOMEM;

	free(buffer);
	*digest = content.digest;
	return r;
}

/*
 * Compare the content with `seen`: a file that was only touched, or written again with the same
 * content by its owner, has not changed. If so, note the new status in *seen. -ESTALE: the content
 * has changed, or somebody else put the file there: the save would get its mode.
 */
static int compare(int fd, const struct stat *status, struct seen *seen)
{
	struct seen now = {.status = *status, .settled = is_settled(fd, status)};
	struct stat after;
	int r;

	if (status->st_size != seen->status.st_size ||
	    (!seen_same_file(status, &seen->status) && status->st_uid != seen->status.st_uid))
		return -ESTALE;
	r = find_digest(fd, &now.digest);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	if (now.digest != seen->digest || !same_status(status, &after, SEEN_NOT_RENAMED))
		return -ESTALE;
	*seen = now;
	return 0;
}

int seen_look(int dir, const char *name, struct seen *seen, enum seen_renaming renaming)
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
	else if (!seen->settled || !same_status(&seen->status, &status, renaming) ||
		 lease_ask(fd) != WRITING_NOBODY)
		r = compare(fd, &status, seen);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int seen_glance(int dir, const char *name, const struct seen *seen)
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return same_status(&seen->status, &status, SEEN_RENAMED) ? 0 : -ESTALE;
}

/* ---- The same content ---- */

/* Read `size` bytes, or up to the end. */
static ssize_t read_at(int fd, unsigned char *bytes, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, bytes + done, size - done, offset + (off_t)done);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Compare all of two files, with room for two pieces. */
static int same_bytes(int a, int b, unsigned char *room, size_t piece)
{
	for (off_t offset = 0;; offset += (off_t)piece) {
		ssize_t n = read_at(a, room, piece, offset);
		ssize_t m = n < 0 ? n : read_at(b, room + piece, piece, offset);

		if (m < 0)
			return (int)m;
		if (n != m || memcmp(room, room + piece, (size_t)n) != 0)
			return -ESTALE;
		if ((size_t)n < piece)
			return 0;
	}
}

static int compare_with(int fd, int other, struct stat *status)
{
	const size_t piece = STREAM_BUFFER_SIZE / 2;
	unsigned char *room;
	struct stat after;
	int r;

	if (fstat(fd, status) < 0)
		return -errno;
	if (!S_ISREG(status->st_mode))
		return -ESTALE;
	room = malloc(2 * piece);
	if (!room)
		return -ENOMEM;
	r = same_bytes(fd, other, room, piece);
	free(room);
	if (r == 0 && fstat(fd, &after) < 0)
		r = -errno;
	return r == 0 && !same_status(status, &after, SEEN_NOT_RENAMED) ? -ESTALE : r;
}

int seen_find_same(int dir, const char *name, int fd, struct stat *status)
{
	int found = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), r;

	if (found < 0)
		return -errno;
	r = compare_with(found, fd, status);
	if (r < 0)
		close(found);
	return r < 0 ? r : found;
}
