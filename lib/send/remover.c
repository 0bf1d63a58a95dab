/*
 * The remover: removes what was sent, and only that.
 *
 * The journal says what each entry was when it was sent. An entry that is something else now is
 * kept and named.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "io/directory.h"
#include "io/dirstack.h"
#include "send/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qfile_remover {
	int journal;
	off_t offset; /* of the next record */
	struct journal_record record;
	int place; /* the directory that the source is in; -1: none was opened */
	struct dirstack dirs;
	/* For each of dirs.levels, where the records of its entries begin in the journal. */
	off_t *begins;
	size_t begins_size;

	/*
	 * A directory that is not empty after everything that was sent from it has been handled;
	 * NULL: none. What has appeared in it is being named.
	 */
	DIR *remains;
	off_t begin, end;    /* its records in the journal */
	off_t search;        /* where to go on searching in them, */
	size_t search_depth; /* and how many directories below it that is */
};

int qfile_remover_new(struct qfile_remover **remover, int journal)
{
	struct qfile_remover *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->journal = journal;
	r->place = -1;
	dirstack_init(&r->dirs);
	*remover = r;
	return 0;
}

void qfile_remover_free(struct qfile_remover *remover)
{
	if (!remover)
		return;
	if (remover->remains)
		closedir(remover->remains);
	if (remover->place >= 0)
		close(remover->place);
	dirstack_close(&remover->dirs);
	free(remover->begins);
	free(remover);
}

/*
 * Open the directory that the source of the record is in: what is looked at there must be what is
 * removed, wherever its path may lead meanwhile.
 */
static int open_place(struct qfile_remover *remover)
{
	char path[PATH_MAX];
	const char *name = remover->record.name, *slash = strrchr(name, '/');

	if (remover->place >= 0)
		close(remover->place);
	snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - name) + 1 : 1,
		 slash ? name : ".");
	remover->place = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return remover->place < 0 ? -errno : 0;
}

static int here(const struct qfile_remover *remover)
{
	return remover->dirs.depth ? dirstack_fd(&remover->dirs) : remover->place;
}

/* What the record's entry is called there. */
static const char *name_here(const struct qfile_remover *remover)
{
	const char *name = remover->record.name, *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* Name an entry of the current directory in *kept. Returns 1, as qfile_remover_next() does. */
static int keep(const struct qfile_remover *remover, const char *name, int code,
		struct qfile_error *kept)
{
	size_t length = remover->dirs.pathlen;
	char path[QFILE_NAME_MAX + 1 + PATH_MAX];

	memcpy(path, remover->dirs.path, length);
	if (length)
		path[length++] = '/';
	memcpy(path + length, name, strlen(name) + 1);
	error_set(kept, code, NULL, path);
	return 1;
}

/* Has it gone, which was removed? Some file systems only say so. */
static int check_gone(const struct qfile_remover *remover, struct qfile_error *kept)
{
	return faccessat(here(remover), name_here(remover), F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? keep(remover, remover->record.name, -ENOTRECOVERABLE, kept)
		       : 0;
}

static int remove_entry(struct qfile_remover *remover, struct qfile_error *kept)
{
	const struct journal_record *record = &remover->record;
	const char *name = name_here(remover);
	struct stat status;

	if (fstatat(here(remover), name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : keep(remover, record->name, -errno, kept);
	if (!journal_unchanged(record, &status))
		return keep(remover, record->name, -ESTALE, kept);
	if (record->keep)
		return keep(remover, record->name, -(int)record->keep, kept);
	if (unlinkat(here(remover), name, 0) < 0)
		return keep(remover, record->name, -errno, kept);
	/* In a directory, it is looked for when that is left. */
	return remover->dirs.depth == 0 ? check_gone(remover, kept) : 0;
}

/* Skip the records of a directory that was not entered, and the one of its end. */
static int skip_directory(struct qfile_remover *remover)
{
	size_t depth = 1;

	while (depth > 0) {
		int r = journal_read(remover->journal, &remover->offset, &remover->record);

		if (r <= 0)
			return r < 0 ? r : -EIO;
		depth += remover->record.kind == JOURNAL_ENTER;
		depth -= remover->record.kind == JOURNAL_LEAVE;
	}
	return 0;
}

static int push(struct qfile_remover *remover, int fd, const struct stat *status)
{
	size_t depth = remover->dirs.depth;

	if (depth == remover->begins_size) {
		size_t size = depth ? 2 * depth : 64;
		off_t *begins = reallocarray(remover->begins, size, sizeof(*begins));

		if (!begins) {
			close(fd);
			return -ENOMEM;
		}
		remover->begins = begins;
		remover->begins_size = size;
	}
	remover->begins[depth] = remover->offset;
	return dirstack_push(&remover->dirs, remover->record.name, remover->record.namelen, fd,
			     status, DIRSTACK_BY_NAME);
}

static int enter(struct qfile_remover *remover, struct qfile_error *kept)
{
	const char *name = remover->record.name;
	struct stat status;
	int fd = openat(here(remover), name_here(remover),
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    code, r;

	if (fd >= 0 && fstat(fd, &status) == 0 && journal_same_file(&remover->record, &status))
		return push(remover, fd, &status);
	code = fd < 0 && errno != ELOOP && errno != ENOTDIR ? -errno : -ESTALE;
	if (fd >= 0)
		close(fd);
	keep(remover, name, code, kept);
	r = skip_directory(remover);
	if (r < 0)
		return r;
	return code == -ENOENT ? 0 : 1;
}

/*
 * Remove the directory whose end the record is. If it is not empty, prepare to name what has
 * appeared in it.
 */
static int leave(struct qfile_remover *remover, struct qfile_error *kept)
{
	const struct journal_record *record = &remover->record;
	const struct dirlevel level = remover->dirs.levels[remover->dirs.depth - 1];
	off_t begin = remover->begins[remover->dirs.depth - 1];
	struct stat status;
	int fd, r = 0;

	/*
	 * The names in it are shown with its path, so it is only left once it is known to be empty.
	 */
	if (lseek(level.fd, 0, SEEK_SET) < 0)
		return -errno;
	remover->remains = directory_read(dup(level.fd));
	if (!remover->remains)
		return -errno;
	while (r == 0) {
		const struct dirent *dirent = readdir(remover->remains);

		if (!dirent)
			break;
		r = strcmp(dirent->d_name, ".") != 0 && strcmp(dirent->d_name, "..") != 0;
	}
	if (r) {
		rewinddir(remover->remains);
		remover->begin = remover->search = begin;
		remover->search_depth = 0;
		remover->end = remover->offset;
		return 0;
	}
	closedir(remover->remains);
	remover->remains = NULL;
	fd = dirstack_pop(&remover->dirs);
	if (fd < 0)
		return fd;
	close(fd);
	if (fstatat(here(remover), name_here(remover), &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !journal_same_file(record, &status))
		return keep(remover, record->name, -ESTALE, kept);
	if (record->keep)
		return keep(remover, record->name, -(int)record->keep, kept);
	if (unlinkat(here(remover), name_here(remover), AT_REMOVEDIR) < 0)
		return keep(remover, record->name, -errno, kept);
	return check_gone(remover, kept);
}

/* Read the next record of the directory itself, not of directories in it. Returns 0 at `end`. */
static int next_of_directory(struct qfile_remover *remover, off_t end)
{
	while (remover->search < end) {
		int r = journal_read(remover->journal, &remover->search, &remover->record);
		size_t depth = remover->search_depth;

		if (r <= 0)
			return r < 0 ? r : -EIO;
		if (remover->record.kind == JOURNAL_LEAVE && depth == 0)
			return 0; /* its own end */
		remover->search_depth += remover->record.kind == JOURNAL_ENTER;
		remover->search_depth -= remover->record.kind == JOURNAL_LEAVE;
		if (depth == 0)
			return 1;
	}
	return 0;
}

/*
 * Was an entry of this name noted in the directory? The search begins where the last name was
 * found, and goes once around. Names mostly come in the order in which they were noted, so the
 * search is only long for an entry that has appeared.
 */
static int was_noted(struct qfile_remover *remover, const char *name)
{
	off_t from = remover->search, ends[2] = {remover->end, from};
	size_t from_depth = remover->search_depth;

	for (int round = 0; round < 2; round++) {
		int r;

		while ((r = next_of_directory(remover, ends[round])) > 0) {
			if (strcmp(remover->record.name, name) == 0)
				return 1;
		}
		if (r < 0)
			return r;
		remover->search = remover->begin;
		remover->search_depth = 0;
	}
	remover->search = from;
	remover->search_depth = from_depth;
	return 0;
}

/*
 * The entry that the record is of was handled, and is there: because it could not be removed, which
 * has been told, or though it was. Removing it once more shows which.
 */
static int look_at_noted(struct qfile_remover *remover, struct qfile_error *kept)
{
	const struct journal_record *record = &remover->record;
	struct stat status;

	if (record->kind != JOURNAL_ENTRY || record->keep ||
	    fstatat(here(remover), record->name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !journal_unchanged(record, &status) || unlinkat(here(remover), record->name, 0) < 0)
		return 0;
	return check_gone(remover, kept);
}

/*
 * Go on through the remains. Returns 1 for an entry that has appeared, or only seems to have been
 * removed; 0 at their end.
 */
static int look_at_remains(struct qfile_remover *remover, struct qfile_error *kept)
{
	const struct dirent *dirent;
	int fd;

	while ((dirent = readdir(remover->remains))) {
		int r;

		if (strcmp(dirent->d_name, ".") == 0 || strcmp(dirent->d_name, "..") == 0)
			continue;
		r = was_noted(remover, dirent->d_name);
		if (r < 0)
			return r;
		r = r == 0 ? keep(remover, dirent->d_name, -EEXIST, kept)
			   : look_at_noted(remover, kept);
		if (r != 0)
			return r;
	}
	closedir(remover->remains);
	remover->remains = NULL;
	fd = dirstack_pop(&remover->dirs);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The source cannot be got at, because of `code`. */
static int keep_source(struct qfile_remover *remover, int code, struct qfile_error *kept)
{
	bool is_directory = remover->record.kind == JOURNAL_ENTER;
	int r;

	keep(remover, remover->record.name, code, kept);
	r = is_directory ? skip_directory(remover) : 0;
	if (r < 0)
		return r;
	return code == -ENOENT ? 0 : 1;
}

static int follow_record(struct qfile_remover *remover, struct qfile_error *kept)
{
	enum journal_kind kind = remover->record.kind;

	if (remover->dirs.depth == 0 && (kind == JOURNAL_ENTRY || kind == JOURNAL_ENTER)) {
		int r = open_place(remover);

		if (r < 0)
			return keep_source(remover, r, kept);
	}
	switch (kind) {
	case JOURNAL_ENTRY:
		return remove_entry(remover, kept);
	case JOURNAL_ENTER:
		return enter(remover, kept);
	case JOURNAL_LEAVE:
		return remover->dirs.depth ? leave(remover, kept) : -EIO;
	default:
		return 0; /* was not sent */
	}
}

int qfile_remover_next(struct qfile_remover *remover, struct qfile_error *kept)
{
	for (;;) {
		int r;

		if (remover->remains) {
			r = look_at_remains(remover, kept);
		} else {
			r = journal_read(remover->journal, &remover->offset, &remover->record);
			if (r <= 0)
				return r;
			r = follow_record(remover, kept);
		}
		if (r != 0)
			return r;
	}
}
