/*
 * Writing a save into the file itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/in_place.h"
#include "format/name.h"
#include "open/opener/attributes.h"
#include "open/opener/conditions.h"
#include "open/opener/private.h"

#include "io/directory.h"
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The copy of what the file had before. */
struct before {
	int dir; /* -1: there is none */
	int fd;
	char name[NAME_MAX + 1];
};

#define TAG_SIZE sizeof("before an unfinished save 0123456789abcdef")

/* It has the file's number: files of one name may share a directory, and one may have several. */
static void unfinished_tag(const struct target *target, char tag[TAG_SIZE])
{
	snprintf(tag, TAG_SIZE, "before an unfinished save %llx",
		 (unsigned long long)target->seen.status.st_ino);
}

/* "report (before an unfinished save 1a2b3c).pdf" */
static void unfinished_name(const struct target *target, char name[NAME_MAX + 1])
{
	char tag[TAG_SIZE];

	unfinished_tag(target, tag);
	if (name_tagged(target->name, tag, name) < 0)
		snprintf(name, NAME_MAX + 1, "file (%s)", tag);
}

/* ---- The content of one file into another ---- */

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

/* Make the content of `to` that of `from`, on stable storage. */
static int copy_content(int from, int to)
{
	unsigned char *room = malloc(STREAM_BUFFER_SIZE);
	off_t size;
	int r = room ? copy_bytes(from, to, room, &size) : -ENOMEM;

	free(room);
	if (r == 0 && ftruncate(to, size) < 0)
		r = -errno;
	return r == 0 && fsync(to) < 0 ? -errno : r;
}

/* ---- The copy ---- */

static int name_copy(const struct target *target, struct save *copy, bool backup,
		     char name[NAME_MAX + 1])
{
	char first[NAME_MAX + 1];
	int r;

	unfinished_name(target, first);
	strcpy(name, first);
	for (unsigned number = 0; number < UINT_MAX; number++) {
		if (backup)
			target_backup_name(target->name, number, name);
		else if (number > 0 && (r = name_numbered(first, number + 1, name)) < 0)
			return r;
		r = save_link(copy, name);
		if (r != -EEXIST)
			return r;
	}
	return -EEXIST;
}

/* Copy what is open as `fd` to a new file in `dir`. */
static int copy_to(const struct target *target, int fd, int dir, bool backup, struct before *before)
{
	struct save copy;
	int r = save_begin(&copy, dir, (uint64_t)target->seen.status.st_size);

	if (r < 0)
		return r;
	r = copy_content(fd, copy.fd);
	/* Beside the file it is as open to others as that, and in a private directory to nobody. */
	if (r == 0 && dir == target->dir && attributes_copy(fd, copy.fd) < 0 &&
	    fchmod(copy.fd, 0600) < 0)
		r = -errno;
	if (r == 0)
		r = name_copy(target, &copy, backup, before->name);
	if (r == 0)
		r = target_sync_directory(dir, copy.fd);
	if (r == 0) {
		before->dir = dir;
		before->fd = copy.fd;
		copy.fd = -1;
	}
	save_end(&copy);
	return r;
}

static int keep_before(const struct target *target, int fd, const char *const *keep, bool backup,
		       struct before *before)
{
	int dir = fcntl(target->dir, F_DUPFD_CLOEXEC, 0), r;

	/* The file's own directory first: copy_to() knows it by its number. */
	r = dir < 0                        ? -errno
	    : conditions_keeps_all(target) ? -EPERM
					   : copy_to(target, fd, target->dir, backup, before);
	if (r == 0) {
		before->dir = dir;
		return 0;
	}
	if (dir >= 0)
		close(dir);
	for (; *keep && r < 0; keep++) {
		dir = private_open(*keep);
		r = dir < 0 ? dir : copy_to(target, fd, dir, backup, before);
		if (r < 0 && dir >= 0)
			close(dir);
	}
	return r;
}

static void forget_before(struct before *before, bool remove)
{
	if (before->dir < 0)
		return;
	if (remove && unlinkat(before->dir, before->name, 0) == 0)
		target_sync_directory(before->dir, before->fd);
	close(before->fd);
	close(before->dir);
}

/* ---- The file ---- */

/* Open the file that was seen, for writing. */
static int open_for_writing(const struct target *target)
{
	struct stat status;
	int fd = openat(target->dir, target->name,
			O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -ESTALE : -errno;
	if (fstat(fd, &status) == 0 && seen_same_file(&status, &target->seen.status))
		return fd;
	close(fd);
	return -ESTALE;
}

/* Room for a longer content is had before anything is written over. */
static int make_room(const struct target *target, int fd, uint64_t size)
{
	const uint64_t now = (uint64_t)target->seen.status.st_size;

	if (size <= now || fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)now, (off_t)(size - now)) == 0)
		return 0;
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -errno : 0;
}

/* Write, with the content of before in `before`. *intact: the file has that again, or still. */
static int overwrite(struct target *target, const struct save *save, int fd,
		     const struct before *before, bool *intact)
{
	const mode_t mode = target->seen.status.st_mode;
	int r;

	/* Nobody else may decide what runs with another's rights. Where it fails, the kernel does
	 * it. */
	if (mode & (S_ISUID | S_ISGID))
		(void)!fchmod(fd, mode & 01777);
	r = copy_content(save->fd, fd);
	*intact = r == 0 || copy_content(before->fd, fd) == 0;
	return r;
}

/* Note what the file has now. Where its status cannot be had, its size and digest tell. */
static void note_status(struct target *target, int fd, uint64_t size, uint64_t digest)
{
	struct stat status;

	if (fstat(fd, &status) == 0)
		target->seen.status = status;
	else
		target->seen.status.st_size = (off_t)size;
	target->seen.settled = false;
	target->seen.digest = digest;
}

int in_place_write(struct target *target, const struct save *save, const char *const *keep,
		   bool backup, char copy[4096])
{
	int old = seen_look(target->dir, target->name, &target->seen, SEEN_NOT_RENAMED), again, r;
	int fd = old < 0 ? old : open_for_writing(target);
	struct before before = {.dir = -1};
	bool intact = true;

	copy[0] = '\0';
	r = fd < 0 ? fd : make_room(target, fd, save->size);
	if (r == 0)
		r = keep_before(target, old, keep, backup, &before);
	if (r == 0) {
		/* What was copied is what was seen only if that still is there. */
		again = seen_look(target->dir, target->name, &target->seen, SEEN_NOT_RENAMED);
		r = again < 0 ? again : overwrite(target, save, fd, &before, &intact);
		if (again >= 0)
			close(again);
		if (r == 0)
			note_status(target, fd, save->size, digest_value(&save->digest));
		else if (again >= 0) /* the content of before, but other times */
			note_status(target, fd, (uint64_t)target->seen.status.st_size,
				    target->seen.digest);
	}
	if (before.dir >= 0 && (!intact || (backup && r == 0)))
		target_path(before.dir, before.name, copy);
	forget_before(&before, copy[0] == '\0');
	if (fd >= 0)
		close(fd);
	if (old >= 0)
		close(old);
	return r;
}

static bool is_there(int dir, const char *name, char path[4096])
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	target_path(dir, name, path);
	return true;
}

/* Is there one of another name, since the file has been renamed, or has several names? */
static bool find_tagged(int dir, const char *tag, char path[4096])
{
	DIR *list = directory_read(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	char bracketed[TAG_SIZE + 2];
	const struct dirent *entry;
	bool found = false;

	snprintf(bracketed, sizeof(bracketed), "(%s)", tag);
	while (list && !found && (entry = readdir(list)))
		found = strstr(entry->d_name, bracketed) && is_there(dir, entry->d_name, path);
	if (list)
		closedir(list);
	return found;
}

static bool find_copy(const struct target *target, int dir, char path[4096])
{
	char name[NAME_MAX + 1], tag[TAG_SIZE];

	unfinished_name(target, name);
	unfinished_tag(target, tag);
	return dir >= 0 && (is_there(dir, name, path) || find_tagged(dir, tag, path));
}

void in_place_unfinished(const struct target *target, const char *const *keep, char path[4096])
{
	bool found = find_copy(target, target->dir, path);

	for (; *keep && !found; keep++) {
		int dir = openat(AT_FDCWD, *keep, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		found = find_copy(target, dir, path);
		if (dir >= 0)
			close(dir);
	}
	if (!found)
		path[0] = '\0';
}
