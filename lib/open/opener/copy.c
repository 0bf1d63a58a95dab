/*
 * A copy of what the file has, beside it or elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/copy.h"
#include "format/name.h"
#include "open/opener/attributes.h"

#include "io/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_at(int fd, const unsigned char *bytes, size_t size, off_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, bytes + done, size - done, offset + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int copy_bytes(int from, int to, unsigned char *room, off_t *size)
{
	for (*size = 0;;) {
		ssize_t n = pread(from, room, STREAM_BUFFER_SIZE, *size);
		int r;

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		r = n > 0 ? write_at(to, room, (size_t)n, *size) : 0;
		if (r < 0)
			return r;
		*size += n > 0 ? n : 0;
	}
}

int copy_content(int from, int to)
{
	unsigned char *room = malloc(STREAM_BUFFER_SIZE);
	off_t size;
	int r = room ? copy_bytes(from, to, room, &size) : -ENOMEM;

	free(room);
	if (r == 0 && ftruncate(to, size) < 0)
		r = -errno;
	return r == 0 ? save_sync(to) : r;
}

static int name_copy(const struct target *target, struct save *save, const char *first,
		     char name[NAME_MAX + 1])
{
	if (first)
		snprintf(name, NAME_MAX + 1, "%s", first);
	for (unsigned number = 0; number < UINT_MAX; number++) {
		int r;

		if (!first)
			target_backup_name(target->name, number, name);
		else if (number > 0 && (r = name_numbered(first, number + 1, name)) < 0)
			return r;
		r = save_link(save, name);
		if (r != -EEXIST)
			return r;
	}
	return -EEXIST;
}

int copy_make(const struct target *target, int fd, int dir, const char *name, struct copy *copy)
{
	struct save save;
	int r = save_begin(&save, dir, (uint64_t)target->seen.status.st_size);

	if (r < 0)
		return r;
	r = copy_content(fd, save.fd);
	/* Beside the file it is as open to others as that, and in a private directory to nobody. */
	if (r == 0 && dir == target->dir && attributes_copy(fd, save.fd) < 0 &&
	    attributes_set_mode(save.fd, 0600) < 0)
		r = -EPERM;
	if (r == 0)
		r = name_copy(target, &save, name, copy->name);
	if (r == 0)
		r = target_sync_directory(dir, save.fd);
	if (r == 0) {
		copy->dir = dir;
		copy->fd = save.fd;
		save.fd = -1;
	}
	save_end(&save);
	return r;
}
