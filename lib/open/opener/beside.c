/*
 * What was saved beside the file in the other VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/beside.h"

#include "format/error.h"
#include "format/name.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As our temporary names begin: nothing that comes may look like one. */
static const char temporary[] = ".qopen-";

struct beside_file {
	char untrusted_name[NAME_MAX + 1]; /* what it is known by: several may become one */
	char stored[NAME_MAX + 1];         /* its name here; empty: it was never stored */
	struct seen seen;                  /* what was stored */
	bool missing;                      /* what came last is not stored */
	bool doubtful;                     /* what is stored may be damaged */
};

void beside_init(struct beside *beside, const struct opener_options *options)
{
	*beside = (struct beside){.options = options, .dir = -1};
	beside->save.fd = -1;
}

void beside_drop(struct beside *beside)
{
	save_end(&beside->save);
	if (beside->dir >= 0)
		close(beside->dir);
	beside->dir = -1;
	if (beside->file)
		beside->file->missing = true;
	beside->file = NULL;
}

void beside_close(struct beside *beside)
{
	beside_drop(beside);
	free(beside->files);
	beside->files = NULL;
}

/* ---- The name ---- */

static int make_safe(const char *untrusted_name, char name[NAME_MAX + 1])
{
	int r = name_safe(untrusted_name, strlen(untrusted_name), name);

	if (r == 0 && strncmp(name, temporary, sizeof(temporary) - 1) == 0)
		name[0] = '_';
	return r;
}

/* The file of this name. NULL: it is a new one, and there are too many. */
static struct beside_file *find(struct beside *beside, const char *untrusted_name)
{
	struct beside_file *file;

	for (unsigned i = 0; i < beside->count; i++) {
		if (strcmp(beside->files[i].untrusted_name, untrusted_name) == 0)
			return &beside->files[i];
	}
	if (beside->count == BESIDE_FILES_MAX) {
		beside->overflow = true;
		return NULL;
	}
	file = &beside->files[beside->count++];
	strcpy(file->untrusted_name, untrusted_name);
	return file;
}

/* ---- Taking it ---- */

static int fail(struct beside *beside, int r)
{
	return error_set(&beside->error, r, "storing", beside->name);
}

static int open_incoming(struct beside *beside)
{
	const char *from = beside->options->from;
	struct qfile_user user = {.uid = geteuid()};

	if (strlen(beside->options->home) >= sizeof(user.home))
		return fail(beside, -ENAMETOOLONG);
	strcpy(user.home, beside->options->home);
	beside->dir =
		qfile_incoming_open(&user, beside->options->incoming,
				    qfile_vm_name_ok(from) ? from : BESIDE_UNKNOWN, &beside->error);
	return beside->dir < 0 ? beside->dir : 0;
}

/* May so many bytes come? */
static int check_bounds(struct beside *beside, uint64_t length)
{
	if (length > beside->options->max_bytes)
		return fail(beside, -EFBIG);
	if (!beside->file || beside->stored == BESIDE_FILES_MAX ||
	    length > BESIDE_BYTES_MAX - beside->bytes)
		return fail(beside, -EDQUOT);
	return 0;
}

int beside_begin(struct beside *beside, const char *untrusted_name, uint64_t length)
{
	int r;

	if (!beside->files)
		beside->files = calloc(BESIDE_FILES_MAX, sizeof(*beside->files));
	if (!beside->files)
		return -ENOMEM;
	beside->error.code = 0;
	beside->file = NULL;
	r = make_safe(untrusted_name, beside->name);
	if (r < 0) {
		strcpy(beside->name, "?");
		beside->overflow = true;
		fail(beside, r);
		return 0;
	}
	beside->file = find(beside, untrusted_name);
	r = check_bounds(beside, length);
	if (r == 0)
		r = open_incoming(beside);
	if (r == 0) {
		r = save_begin(&beside->save, beside->dir, length);
		if (r < 0)
			fail(beside, r);
	}
	return 0;
}

void beside_write(struct beside *beside, const void *bytes, size_t size)
{
	int r = beside->error.code ? 0 : save_write(&beside->save, bytes, size);

	digest_add(&beside->save.digest, bytes, size);
	if (r < 0) {
		save_end(&beside->save);
		fail(beside, r);
	}
}

/* ---- Storing it ---- */

/*
 * Put it in the place of the one that this session has stored, if that is what was stored. What may
 * be damaged replaces nothing.
 */
static int store_again(const struct beside *beside, bool doubtful, struct save *save,
		       struct target *target)
{
	const struct beside_file *file = beside->file;
	int dir;

	if (!file->stored[0] || (doubtful && !file->doubtful))
		return -ENOENT;
	dir = fcntl(beside->dir, F_DUPFD_CLOEXEC, 0);
	if (dir < 0)
		return -errno;
	target_close(target);
	target->dir = dir;
	target->seen = file->seen;
	strcpy(target->name, file->stored);
	return target_has(target, save) ? 0 : target_replace(target, save, NULL);
}

static int store(struct beside *beside, bool doubtful)
{
	struct beside_file *file = beside->file;
	struct target target = {.dir = -1, .fd = -1};
	const uint64_t size = beside->save.size;
	int r = store_again(beside, doubtful, &beside->save, &target);

	if (r == 0) {
		beside->bytes -= (uint64_t)file->seen.status.st_size;
	} else {
		r = target_create(&target, &beside->save, beside->name);
		beside->stored += r == 0;
	}
	if (r == 0) {
		beside->bytes += size;
		file->seen = target.seen;
		strcpy(file->stored, target.name);
		file->missing = false;
		file->doubtful = doubtful;
	}
	target_close(&target);
	return r;
}

int beside_end(struct beside *beside, bool damaged, bool doubtful, struct opener_event *event,
	       struct qfile_error *error)
{
	struct beside_file *file = beside->file;
	int r;

	if (!beside->error.code && damaged)
		fail(beside, -EBADMSG);
	if (!beside->error.code) {
		r = store(beside, doubtful);
		if (r < 0)
			fail(beside, r);
	}
	if (beside->error.code) {
		snprintf(event->path, sizeof(event->path), "%s", beside->name);
		if (error)
			*error = beside->error;
	} else {
		target_path(beside->dir, file->stored, event->path);
		beside->file = NULL;
	}
	beside_drop(beside);
	return beside->error.code ? OPENER_BESIDE_LOST : OPENER_BESIDE;
}

bool beside_has_all(const struct beside *beside)
{
	bool all = !beside->overflow;

	for (unsigned i = 0; i < beside->count; i++)
		all = all && !beside->files[i].missing && !beside->files[i].doubtful;
	return all;
}
