/*
 * Writing a save into the file itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/in_place.h"
#include "format/name.h"
#include "open/opener/conditions.h"
#include "open/opener/copy.h"
#include "open/opener/private.h"

#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* ---- The copy of what it had before ---- */

static int keep_before(const struct target *target, int fd, const char *const *keep, bool backup,
		       struct copy *before)
{
	int dir = fcntl(target->dir, F_DUPFD_CLOEXEC, 0), r;
	char tagged[NAME_MAX + 1], *name = backup ? NULL : tagged;

	unfinished_name(target, tagged);
	/* The file's own directory first: copy_make() knows it by its number. */
	r = dir < 0                        ? -errno
	    : conditions_keeps_all(target) ? -EPERM
					   : copy_make(target, fd, target->dir, name, before);
	if (r == 0) {
		before->dir = dir;
		return 0;
	}
	if (dir >= 0)
		close(dir);
	for (; *keep && r < 0; keep++) {
		dir = private_open(*keep);
		r = dir < 0 ? dir : copy_make(target, fd, dir, name, before);
		if (r < 0 && dir >= 0)
			close(dir);
	}
	return r;
}

static void forget_before(struct copy *before, bool remove)
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
		     const struct copy *before, bool *intact)
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
	struct copy before = {.dir = -1};
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
