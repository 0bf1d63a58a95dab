/*
 * Naming: the names under which the entries of a delivery arrive.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/naming.h"

#include "format/error.h"
#include "format/name.h"
#include "io/directory.h"
#include "receive/commit/move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What is left of a name that is cut to make room for a number begins with so many of its bytes:
 * names that begin alike may have the same numbered names.
 */
#define HASHED_MAX 240

/* More than a directory can hold. */
#define NUMBER_MAX ((unsigned)1 << 30)

/* Numbers that are tried one by one, and at random, where the doubled steps find none. */
#define ELSEWHERE 64

bool naming_name_ok(const char *untrusted_name)
{
	return !strchr(untrusted_name, '/') &&
	       qfile_name_check(untrusted_name, strlen(untrusted_name), QFILE_ALLOW_ALL_NAMES) == 0;
}

void naming_begin(struct naming *naming, const struct staging *staging,
		  enum qfile_conflict on_conflict)
{
	*naming = (struct naming){
		.staging = staging, .on_conflict = on_conflict, .longest = NAME_MAX};
}

/* Is there an entry of this name? 1, 0, or a negative errno when nobody can tell. */
static int taken(int dir, const char *name)
{
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

/*
 * Make the name of this number. Returns 1 if neither an earlier delivery nor another entry of this
 * one has it, 0 if one does.
 */
static int number_is_free(const struct naming *naming, const char *name, unsigned number,
			  char final[NAME_MAX + 1])
{
	int r = name_numbered_within(name, number, naming->longest, final);

	if (r == 0)
		r = taken(naming->staging->incoming, final);
	if (r == 0)
		r = taken(naming->staging->tree, final);
	return r < 0 ? r : !r;
}

static struct naming_hint *hint_for(struct naming *naming, const char *name)
{
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
	struct naming_hint *hint;

	for (size_t i = 0; i < HASHED_MAX && name[i]; i++)
		hash = (hash ^ (unsigned char)name[i]) * 1099511628211ULL;
	hint = &naming->hints[hash % NAMING_HINTS];
	if (hint->hash != hash)
		*hint = (struct naming_hint){.hash = hash, .number = 2};
	return hint;
}

/*
 * Find a number where the doubled steps did not: somebody has planted names there, and cannot have
 * planted many others.
 */
static int search_elsewhere(const struct naming *naming, const char *name, unsigned *number)
{
	char final[NAME_MAX + 1];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < ELSEWHERE; i++) {
		*number = 3 + i;
		r = number_is_free(naming, name, *number, final);
	}
	for (unsigned i = 0; r == 0 && i < ELSEWHERE; i++) {
		if (getrandom(number, sizeof(*number), 0) < 0)
			return -errno;
		*number = 3 + *number % NUMBER_MAX;
		r = number_is_free(naming, name, *number, final);
	}
	return r == 0 ? -EEXIST : r < 0 ? r : 0;
}

/*
 * Find a number above `low`, which is taken, whose name is free, in steps that double, then by
 * halves: with n numbers taken, log n tries. Where no number was left out it is the smallest.
 */
static int search_number(const struct naming *naming, const char *name, unsigned low,
			 unsigned *number)
{
	char final[NAME_MAX + 1];
	unsigned high = low + 1;
	int r;

	for (unsigned step = 1; (r = number_is_free(naming, name, high, final)) == 0; step *= 2) {
		low = high;
		high += step;
		if (high > NUMBER_MAX)
			return search_elsewhere(naming, name, number);
	}
	while (r >= 0 && high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		r = number_is_free(naming, name, middle, final);
		if (r > 0)
			high = middle;
		else if (r == 0)
			low = middle;
	}
	*number = high;
	return r < 0 ? r : 0;
}

/* Find a name for `name`, which is taken: "report (2).pdf". */
static int free_name(struct naming *naming, const char *name, char final[NAME_MAX + 1])
{
	struct naming_hint *hint = hint_for(naming, name);
	int r = number_is_free(naming, name, 2, final);

	if (r != 0)
		return r < 0 ? r : 0;
	r = search_number(naming, name, hint->number, &hint->number);
	return r < 0 ? r : name_numbered_within(name, hint->number, naming->longest, final);
}

/* Give `name`, which is taken, another name that is free: *final. */
static int rename_free(struct naming *naming, const char *name, char final[NAME_MAX + 1])
{
	const size_t length = strlen(name);

	for (;;) {
		int r = free_name(naming, name, final);

		if (r == 0)
			r = move_within(naming->staging, name, final);
		/* What is as long as the name is not too long: that is on this disk already. */
		if (r != -ENAMETOOLONG || naming->longest <= length)
			return r;
		naming->longest = length;
	}
}

int naming_entry(struct naming *naming, const char *name, char final[NAME_MAX + 1])
{
	const struct staging *staging = naming->staging;
	int r = taken(staging->incoming, name);

	snprintf(final, NAME_MAX + 1, "%s", name);
	if (r <= 0)
		return r;
	if (naming->on_conflict == QFILE_CONFLICT_FAIL)
		return -EEXIST;
	r = rename_free(naming, name, final);
	if (r < 0)
		return r;
	if (naming->renames)
		renames_note(naming->renames, name, final);
	return 1;
}

/* The child makes nothing but directories, files and links. If it did, it is the sender's now. */
static int check_kind(const struct staging *staging, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type == DT_REG || entry->d_type == DT_DIR || entry->d_type == DT_LNK)
		return 0;
	if (fstatat(staging->tree, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode)
		       ? 0
		       : -EPERM;
}

static int name_one(struct naming *naming, const struct dirent *entry, struct naming_result *result)
{
	int r = naming_name_ok(entry->d_name) ? check_kind(naming->staging, entry) : -EPERM;

	if (r == 0)
		r = naming_entry(naming, entry->d_name, result->name);
	if (r < 0)
		return r;
	result->entries++;
	result->name_bytes += strlen(result->name);
	result->renamed += r == 1;
	return 0;
}

int naming_all(struct naming *naming, struct cancel *cancel, struct naming_result *result,
	       struct qfile_error *error)
{
	DIR *list = directory_read(
		openat(naming->staging->tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	int r = 0;

	*result = (struct naming_result){.entries = 0};
	if (!list)
		return error_set(error, -errno, "committing", NULL);
	for (;;) {
		errno = 0;
		entry = readdir(list);
		/* An entry that cannot be read must not be taken for one that is not there. */
		if (!entry) {
			r = errno ? error_set(error, -errno, "committing", NULL) : 0;
			break;
		}
		if (is_dot_or_dot_dot(entry->d_name))
			continue;
		r = cancel_check(cancel);
		if (r == 0)
			r = name_one(naming, entry, result);
		if (r < 0) {
			error_set(error, r, "committing",
				  r == -ECANCELED || r == -ETIMEDOUT ? NULL : entry->d_name);
			break;
		}
	}
	closedir(list);
	return r;
}
