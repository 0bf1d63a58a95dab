/*
 * Walk a tree, one entry after another, in the order of the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/walk.h"

#include "format/error.h"
#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * After each subdirectory the rest of the parent's entries is read again. So ask for this many
 * bytes first, then for twice as many each time, as long as no other subdirectory comes: a
 * directory of a million subdirectories costs no more than one of a million files.
 */
#define WANT_AGAIN ((size_t)1 << 10)

/* Files that are read ahead at a time, and bytes of each. */
#define AHEAD_FILES 32
#define AHEAD_BYTES ((off_t)128 << 10)

struct walk_frame {
	off_t resume; /* where to read on: after the last entry that was returned */
	/*
	 * Only what the second header of a directory repeats: there may be thousands of frames.
	 */
	struct timespec atime, mtime;
	mode_t mode;
};

void walk_init(struct walk *walk, unsigned flags)
{
	walk->source = NULL;
	walk->at = AT_FDCWD;
	walk->flags = flags;
	walk->frames = NULL;
	walk->frames_size = 0;
	walk->exclude = (struct patterns){.list = NULL};
	walk->cut = walk->lost = false;
	dirstack_init(&walk->dirs);
}

void walk_close(struct walk *walk)
{
	dirstack_close(&walk->dirs);
	free(walk->frames);
}

void walk_begin(struct walk *walk, const struct qfile_source *source)
{
	walk->source = source;
	walk->started = false;
	walk->buffer_depth = 0;
}

/*
 * Drop the buffer. The next read goes on where the frame of its directory says, and asks for `want`
 * bytes.
 */
static void drop_buffer(struct walk *walk, size_t want)
{
	walk->buffer_depth = 0;
	walk->buffer_want = want;
}

static int push(struct walk *walk, const struct walk_entry *entry, const char *component, int fd)
{
	struct walk_frame *frame;
	size_t depth = walk->dirs.depth;
	int r;

	if (depth == walk->frames_size) {
		size_t size = depth ? 2 * depth : 64;
		struct walk_frame *frames = reallocarray(walk->frames, size, sizeof(*frames));

		if (!frames) {
			close(fd);
			return -ENOMEM;
		}
		walk->frames = frames;
		walk->frames_size = size;
	}
	r = dirstack_push(&walk->dirs, component, strlen(component), fd, &entry->status,
			  entry->followed ? DIRSTACK_BY_LINK : DIRSTACK_BY_NAME);
	if (r < 0)
		return r;
	frame = &walk->frames[depth];
	*frame = (struct walk_frame){
		.atime = entry->status.st_atim,
		.mtime = entry->status.st_mtim,
		.mode = entry->status.st_mode,
	};
	drop_buffer(walk, WALK_BUFFER_SIZE);
	return 0;
}

static bool sealed(mode_t mode)
{
	return (mode & (S_IRUSR | S_IXUSR)) != (S_IRUSR | S_IXUSR);
}

/* Open the directory that `entry` names, and get its status. Returns a descriptor. */
static int open_directory(const struct walk *walk, struct walk_entry *entry)
{
	int fd, r;

	if (walk->flags & WALK_NO_TRACE) {
		r = walk_stat(entry, &entry->status);
		if (r == 0 && sealed(entry->status.st_mode) &&
		    fchmodat(entry->dir, entry->name, S_IRWXU, AT_SYMLINK_NOFOLLOW) < 0)
			r = -errno;
		if (r < 0)
			return r;
	}
	fd = openat(entry->dir, entry->name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | (entry->followed ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return -errno;
	if (!(walk->flags & WALK_NO_TRACE) && fstat(fd, &entry->status) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* Enter the directory that `entry` names. `component` is what it adds to the path. */
static int enter(struct walk *walk, struct walk_entry *entry, const char *component,
		 struct qfile_error *error)
{
	int fd = open_directory(walk, entry), r;

	if (fd < 0)
		return error_set(error, fd, "reading", entry->path);
	if (walk->flags & QFILE_DEREFERENCE && dirstack_contains(&walk->dirs, &entry->status)) {
		close(fd);
		return error_set(error, -ELOOP, "following", entry->path);
	}
	r = push(walk, entry, component, fd);
	if (r < 0) {
		walk->lost = r == -ENOMEM;
		return error_set(error, r, "entering", entry->path);
	}
	entry->kind = WALK_ENTER;
	entry->path = walk->dirs.path;
	entry->pathlen = walk->dirs.pathlen;
	return 0;
}

/* Restore the mode and the access time that the directory had before it was entered. */
static int restore(int fd, const struct walk_frame *frame)
{
	const struct timespec times[2] = {frame->atime, {.tv_nsec = UTIME_OMIT}};

	if ((!sealed(frame->mode) || fchmod(fd, frame->mode & 07777) == 0) &&
	    futimens(fd, times) == 0)
		return 0;
	/* Where nobody can set them, entering has not changed them either, or nothing can be done.
	 */
	return errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
}

static int leave(struct walk *walk, struct walk_entry *entry, struct qfile_error *error)
{
	size_t depth = walk->dirs.depth;
	const struct dirlevel level = walk->dirs.levels[depth - 1];
	const struct walk_frame *frame = &walk->frames[depth - 1];
	int fd, r;

	memcpy(walk->entry_path, walk->dirs.path, walk->dirs.pathlen + 1);
	entry->kind = WALK_LEAVE;
	entry->path = walk->entry_path;
	entry->pathlen = walk->dirs.pathlen;
	entry->status = (struct stat){
		.st_dev = level.dev,
		.st_ino = level.ino,
		.st_mode = frame->mode,
		.st_atim = frame->atime,
		.st_mtim = frame->mtime,
	};
	entry->followed = level.by_link;
	walk->lost = true;
	fd = dirstack_pop(&walk->dirs);
	if (fd < 0)
		return error_set(error, fd, "coming back from", entry->path);
	r = walk->flags & WALK_NO_TRACE ? restore(fd, frame) : 0;
	close(fd);
	if (r < 0)
		return error_set(error, r, "leaving", entry->path);
	walk->lost = false;
	entry->dir = depth > 1 ? dirstack_fd(&walk->dirs) : walk->at;
	entry->name = depth > 1 ? walk->entry_path + level.pathlen + (level.pathlen > 0)
				: walk->source->path;
	drop_buffer(walk, WANT_AGAIN);
	return 0;
}

static enum walk_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return WALK_FILE;
	case S_IFDIR:
		return WALK_ENTER;
	case S_IFLNK:
		return WALK_LINK;
	default:
		return WALK_OTHER;
	}
}

int walk_stat(const struct walk_entry *entry, struct stat *status)
{
	if (fstatat(entry->dir, entry->name, status, entry->followed ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

int walk_readable(const struct walk_entry *entry)
{
	int flags = AT_EACCESS | (entry->followed ? 0 : AT_SYMLINK_NOFOLLOW);

	return faccessat(entry->dir, entry->name, R_OK, flags) < 0 ? -errno : 0;
}

/* O_NONBLOCK: opening a fifo that took the file's place must not wait for a writer. */
#define READING (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int walk_open(const struct walk_entry *entry, struct stat *status)
{
	int fd = openat(entry->dir, entry->name, READING | (entry->followed ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return -errno;
	if (fstat(fd, status) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

void walk_ahead(struct walk *walk)
{
	size_t *at = &walk->buffer_ahead;

	if (walk->buffer_depth == 0 || walk->buffer_depth != walk->dirs.depth || walk->exclude.list)
		return;
	if (*at < walk->buffer_pos)
		*at = walk->buffer_pos;
	for (unsigned files = 0; *at < walk->buffer_end && files < AHEAD_FILES;) {
		const struct dirent64 *dirent = (const struct dirent64 *)(walk->buffer + *at);
		int fd = -1;

		*at += dirent->d_reclen;
		if (dirent->d_type == DT_REG)
			fd = openat(dirstack_fd(&walk->dirs), dirent->d_name, READING | O_NOFOLLOW);
		if (fd < 0)
			continue;
		posix_fadvise(fd, 0, AHEAD_BYTES, POSIX_FADV_WILLNEED);
		close(fd);
		files++;
	}
}

/*
 * Find out the kind of an entry: from the directory if it tells the type, otherwise, or if a link
 * is to be followed, from the entry itself.
 */
static int find_kind(struct walk *walk, struct walk_entry *entry, unsigned char type,
		     struct qfile_error *error)
{
	int r;

	entry->followed = false;
	if (type == DT_UNKNOWN) {
		r = walk_stat(entry, &entry->status);
		if (r < 0)
			return error_set(error, r, "looking at", entry->path);
		entry->kind = kind_of(entry->status.st_mode);
	} else {
		entry->kind = kind_of(DTTOIF(type));
	}
	if (entry->kind == WALK_LINK && walk->flags & QFILE_DEREFERENCE) {
		entry->followed = true;
		r = walk_stat(entry, &entry->status);
		if (r < 0)
			return error_set(error, r, "following", entry->path);
		entry->kind = kind_of(entry->status.st_mode);
	}
	return 0;
}

/*
 * Find out what the entry is, and enter it if it is a directory. What is excluded is looked at no
 * further than that takes: it may be what cannot be read.
 */
static int take(struct walk *walk, struct walk_entry *entry, unsigned char type,
		const char *component, struct qfile_error *error)
{
	int r;

	entry->kind = WALK_EXCLUDED;
	if (patterns_match(&walk->exclude, entry->path, false))
		return 0;
	r = find_kind(walk, entry, type, error);
	if (r < 0 || entry->kind != WALK_ENTER)
		return r;
	if (patterns_match(&walk->exclude, entry->path, true)) {
		entry->kind = WALK_EXCLUDED;
		return 0;
	}
	return enter(walk, entry, component, error);
}

static int first(struct walk *walk, struct walk_entry *entry, struct qfile_error *error)
{
	walk->started = true;
	entry->dir = walk->at;
	entry->name = walk->source->path;
	entry->path = walk->source->base;
	entry->pathlen = strlen(entry->path);
	return take(walk, entry, DT_UNKNOWN, entry->path, error);
}

/*
 * Read entries of the deepest directory: those behind the ones in the buffer, or from where its
 * frame says. Returns 0 at the directory's end, and -ENOENT if it was removed: nobody knows what it
 * had had until then.
 */
static ssize_t read_entries(struct walk *walk)
{
	const off_t resume = walk->frames[walk->dirs.depth - 1].resume;
	const bool seeks = walk->buffer_depth != walk->dirs.depth && resume;
	const int fd = dirstack_fd(&walk->dirs);
	const int seek_error = seeks && lseek(fd, resume, SEEK_SET) < 0 ? errno : 0;
	ssize_t n = getdents64(fd, walk->buffer, walk->buffer_want);

	/* In a directory that was removed, ext4 refuses to go to some places for another reason. */
	if (n < 0 && errno == ENOENT)
		return -ENOENT;
	if (seek_error)
		return -seek_error;
	return n < 0 ? -errno : n;
}

/* Have an entry of the deepest directory in the buffer. Returns 0 at the directory's end. */
static ssize_t fill(struct walk *walk)
{
	ssize_t n;

	if (walk->buffer_depth == walk->dirs.depth) {
		if (walk->buffer_pos < walk->buffer_end)
			return 1;
		if (walk->buffer_want < WALK_BUFFER_SIZE)
			walk->buffer_want *= 2;
	}
	n = read_entries(walk);
	if (n < 0)
		return n;
	walk->buffer_depth = walk->dirs.depth;
	walk->buffer_pos = walk->buffer_ahead = 0;
	walk->buffer_end = (size_t)n;
	return n;
}

/* Let `entry` be the one called `name` in the deepest directory. */
static int name_entry(struct walk *walk, struct walk_entry *entry, const char *name,
		      struct qfile_error *error)
{
	size_t length = strlen(name), dirlen = walk->dirs.pathlen;

	entry->dir = dirstack_fd(&walk->dirs);
	if (dirlen + 1 + length >= QFILE_NAME_MAX)
		return error_set(error, -ENAMETOOLONG, "entering", walk->dirs.path);
	entry->name = name;
	memcpy(walk->entry_path, walk->dirs.path, dirlen);
	if (dirlen > 0)
		walk->entry_path[dirlen++] = '/';
	memcpy(walk->entry_path + dirlen, name, length + 1);
	entry->path = walk->entry_path;
	entry->pathlen = dirlen + length;
	return 0;
}

int walk_next(struct walk *walk, struct walk_entry *entry, struct qfile_error *error)
{
	entry->followed = false;
	if (!walk->started)
		return first(walk, entry, error);
	while (walk->dirs.depth > 0) {
		const struct dirent64 *dirent;
		ssize_t n = walk->cut ? 0 : fill(walk);
		int r;

		walk->cut = n < 0;
		if (n == 0)
			return leave(walk, entry, error);
		entry->path = walk->dirs.path;
		entry->pathlen = walk->dirs.pathlen;
		entry->name = NULL;
		if (n < 0)
			return error_set(error, (int)n, "reading", entry->path);
		dirent = (const struct dirent64 *)(walk->buffer + walk->buffer_pos);
		walk->buffer_pos += dirent->d_reclen;
		walk->frames[walk->dirs.depth - 1].resume = dirent->d_off;
		if (is_dot_or_dot_dot(dirent->d_name))
			continue;
		r = name_entry(walk, entry, dirent->d_name, error);
		return r < 0 ? r : take(walk, entry, dirent->d_type, entry->name, error);
	}
	entry->kind = WALK_END;
	return 0;
}
