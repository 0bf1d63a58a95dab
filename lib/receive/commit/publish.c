/*
 * Publishing: the entries of a delivery are renamed into the incoming directory, one by one.
 *
 * A directory that its owner may not write cannot be moved by a plain user: its mode is widened for
 * that moment. Should we die in it, the next process has to give the directory the mode that was
 * sent. All it needs is in the file system: the link STAGING_WIDENED says which directory it is,
 * and the directory itself has the sticky bit, which no sender can set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/publish.h"

#include "format/error.h"
#include "io/directory.h"
#include "receive/commit/move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The list of what was published ---- */

struct record {
	uint64_t ino; /* to know it again */
	char name[NAME_MAX + 1];
};

#define RECORD_SIZE(length) (offsetof(struct record, name) + (length) + 1)

uint64_t publication_size(uint64_t entries, uint64_t name_bytes)
{
	return entries * RECORD_SIZE(0) + name_bytes;
}

int publication_open(struct publication *publication, const struct staging *staging,
		     struct naming *naming)
{
	int list = openat(staging->dir, ".", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);

	bool has_name = list < 0;

	/*
	 * Not every file system has files without names, and each says so in its own way. A file
	 * that has lost its name can be of no use there either.
	 */
	if (has_name)
		list = openat(staging->dir, STAGING_LIST,
			      O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	*publication = (struct publication){.staging = staging,
					    .naming = naming,
					    .list = list,
					    .list_has_name = has_name && list >= 0};
	return list < 0 ? -errno : 0;
}

void publication_close(struct publication *publication)
{
	if (publication->list >= 0)
		close(publication->list);
	if (publication->list_has_name)
		unlinkat(publication->staging->dir, STAGING_LIST, 0);
	publication->list_has_name = false;
	publication->list = -1;
}

/* Note an entry that is about to be published. */
static int note(const struct publication *publication, uint64_t ino, const char *name)
{
	struct record record = {.ino = ino};
	size_t length = strlen(name), size = RECORD_SIZE(length);
	ssize_t n;

	if (publication->list < 0)
		return 0;
	memcpy(record.name, name, length + 1);
	n = write(publication->list, &record, size);
	if (n < 0)
		return -errno;
	return (size_t)n < size ? -ENOSPC : 0;
}

/* Read the next record. Returns false at the end. */
static bool read_record(FILE *list, struct record *record)
{
	size_t length = 0;
	int c;

	if (fread(&record->ino, sizeof(record->ino), 1, list) != 1)
		return false;
	while ((c = getc(list)) > 0 && length < NAME_MAX)
		record->name[length++] = (char)c;
	record->name[length] = '\0';
	return c == 0;
}

/* ---- Directories that cannot be moved as they are ---- */

static bool is_read_only(const struct stat *status)
{
	return S_ISDIR(status->st_mode) &&
	       (!(status->st_mode & S_IWUSR) || status->st_mode & S_ISVTX);
}

/* The mode that was sent, of a directory that may be widened by now. */
static mode_t sent_mode(const struct stat *status)
{
	return status->st_mode & 0777 & ~(mode_t)(is_read_only(status) ? S_IWUSR : 0);
}

int publish_takes_steps(const struct staging *staging, const char *name)
{
	struct stat status;

	if (fstatat(staging->tree, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) && (is_read_only(&status) || staging->flagless);
}

static int set_mode(int dir, const char *name, mode_t mode)
{
	return fchmodat(dir, name, mode, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Note which directory is widened: in the target of a link, or in a file where there are none. */
static int note_widened(const struct staging *staging, const char *name)
{
	ssize_t n;
	int fd;

	unlinkat(staging->dir, STAGING_WIDENED, 0);
	if (symlinkat(name, staging->dir, STAGING_WIDENED) == 0)
		return 0;
	if (errno != EPERM && !move_is_unknown(errno))
		return -errno;
	fd = openat(staging->dir, STAGING_WIDENED, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	n = write(fd, name, strlen(name));
	close(fd);
	return n == (ssize_t)strlen(name) ? 0 : -EIO;
}

/* Read what was noted. False: nothing was. */
static bool read_widened(const struct staging *staging, char name[NAME_MAX + 1])
{
	ssize_t length = readlinkat(staging->dir, STAGING_WIDENED, name, NAME_MAX);
	int fd;

	if (length < 0 && errno == EINVAL) {
		fd = openat(staging->dir, STAGING_WIDENED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		length = fd < 0 ? -1 : read(fd, name, NAME_MAX);
		if (fd >= 0)
			close(fd);
	}
	name[length < 0 ? 0 : length] = '\0';
	return length >= 0;
}

/* Widen the mode of `name` in `dir`, after noting that this was done. */
static int widen(const struct staging *staging, int dir, const char *name,
		 const struct stat *status)
{
	int r = note_widened(staging, name);

	return r < 0 ? r : set_mode(dir, name, sent_mode(status) | S_IWUSR | S_ISVTX);
}

/*
 * Give the directory that a dead publisher had widened the mode that was sent, if it was published
 * already.
 */
static void narrow_left(const struct staging *staging)
{
	char name[NAME_MAX + 1];
	struct stat status;

	if (!read_widened(staging, name))
		return;
	/* What is there while it is here only holds its place. */
	if (naming_name_ok(name) && faccessat(staging->tree, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    fstatat(staging->incoming, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode) && status.st_mode & S_ISVTX)
		set_mode(staging->incoming, name, sent_mode(&status));
	unlinkat(staging->dir, STAGING_WIDENED, 0);
}

/* ---- Publishing ---- */

/*
 * It may be another inode now that it has its final name: a link that was made anew, or a file in a
 * file system that numbers names.
 */
static int note_again(const struct publication *publication, const struct stat *status,
		      const char *name)
{
	struct stat now;

	if (!publication->staging->flagless || S_ISDIR(status->st_mode) ||
	    fstatat(publication->staging->incoming, name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    now.st_ino == status->st_ino)
		return 0;
	return note(publication, now.st_ino, name);
}

/*
 * How often somebody else may have taken a name that was free, before it is believed that it never
 * is.
 */
#define TRIES 100

/* Move `name` into the incoming directory. *final: what it is called there. */
static int rename_in(struct publication *publication, const struct stat *status, const char *name,
		     char final[NAME_MAX + 1])
{
	char now[NAME_MAX + 1];
	int r;

	snprintf(final, NAME_MAX + 1, "%s", name);
	for (int tries = TRIES;; tries--) {
		r = note(publication, status->st_ino, final);
		if (r < 0)
			return r;
		r = move_in(publication->staging, final, status, publication->again);
		if (r == 0)
			return note_again(publication, status, final);
		if (r != -EEXIST || tries == 0 ||
		    publication->naming->on_conflict == QFILE_CONFLICT_FAIL)
			return r;
		/* Somebody else has taken the name since: find another. */
		memcpy(now, final, sizeof(now));
		r = naming_entry(publication->naming, now, final);
		if (r < 0)
			return r;
	}
}

static int publish_read_only(struct publication *publication, const char *name,
			     const struct stat *status, char final[NAME_MAX + 1])
{
	const struct staging *staging = publication->staging;
	int r = widen(staging, staging->tree, name, status);

	publication->changed = true;
	if (r == 0)
		r = rename_in(publication, status, name, final);
	if (r == 0)
		r = set_mode(staging->incoming, final, sent_mode(status));
	unlinkat(staging->dir, STAGING_WIDENED, 0);
	return r;
}

static int publish(struct publication *publication, const char *name, char final[NAME_MAX + 1])
{
	struct stat status;

	if (!naming_name_ok(name))
		return -EPERM;
	if (fstatat(publication->staging->tree, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
		return -EPERM;
	return is_read_only(&status) ? publish_read_only(publication, name, &status, final)
				     : rename_in(publication, &status, name, final);
}

int publish_entry(struct publication *publication, const char *name, struct qfile_error *error)
{
	char final[NAME_MAX + 1];
	int r = publish(publication, name, final);

	return r < 0 ? error_set(error, r, "committing", name) : 0;
}

/* Publish an entry that was listed, which may have been published since. */
static int publish_listed(struct publication *publication, const char *name,
			  struct qfile_error *error)
{
	int r = publish_entry(publication, name, error);

	return r == -ENOENT && faccessat(publication->staging->tree, name, F_OK,
					 AT_SYMLINK_NOFOLLOW) < 0
		       ? 0
		       : r;
}

/* Is it still where it was published from? Then that is not how anything gets out of there. */
static int check_gone(const struct publication *publication, const char *name,
		      struct qfile_error *error)
{
	return faccessat(publication->staging->tree, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? error_set(error, -EIO, "committing", name)
		       : 0;
}

/*
 * Go over the tree once more, or for the first time. Returns 0 when it was empty, else 1. Only what
 * was left out can be there once more, so then a look at each costs nothing.
 */
static int publish_pass(struct publication *publication, bool more, struct qfile_error *error)
{
	DIR *list = directory_read(
		openat(publication->staging->tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	int r = 0, found = 0;

	if (!list)
		return error_set(error, -errno, "committing", NULL);
	while (r == 0) {
		errno = 0;
		entry = readdir(list);
		if (!entry) {
			r = errno ? error_set(error, -errno, "committing", NULL) : 0;
			break;
		}
		if (is_dot_or_dot_dot(entry->d_name))
			continue;
		found = 1;
		r = publish_listed(publication, entry->d_name, error);
		if (r == 0 && more)
			r = check_gone(publication, entry->d_name, error);
	}
	closedir(list);
	return r < 0 ? r : found;
}

int publish_all(struct publication *publication, struct qfile_error *error)
{
	int r;

	narrow_left(publication->staging);
	/* Until nothing is left: a list that changes while it is read may leave something out. */
	r = publish_pass(publication, false, error);
	while (r > 0)
		r = publish_pass(publication, true, error);
	return r;
}

static void unpublish(const struct publication *publication, const struct record *record)
{
	const struct staging *staging = publication->staging;
	struct stat status;

	if (fstatat(staging->incoming, record->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (status.st_ino != record->ino) {
		if (publication->again && staging->flagless)
			move_unclaim(staging, record->name);
		return;
	}
	/* The sticky bit stays: should it be published again, it gets the mode that was sent. */
	if (is_read_only(&status))
		widen(staging, staging->incoming, record->name, &status);
	move_back(staging, record->name, record->ino);
}

void unpublish_all(const struct publication *publication)
{
	int fd = publication->list < 0 ? -1 : dup(publication->list);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
	struct record record;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return;
	}
	rewind(list);
	while (read_record(list, &record))
		unpublish(publication, &record);
	fclose(list);
}
