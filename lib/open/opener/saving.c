/*
 * Saving: what is done with the saves that come back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/saving.h"
#include "format/name.h"
#include "open/opener/opener.h"
#include "open/opener/private.h"

#include "format/error.h"
#include "io/directory.h"
#include "open/database.h"
#include "open/opener/attributes.h"
#include "open/opener/conditions.h"
#include "open/opener/in_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void saving_init(struct saving *saving, struct original *original,
		 const struct opener_options *options)
{
	*saving = (struct saving){
		.original = original, .options = options, .keep = options->keep, .private = -1};
	saving->save.fd = -1;
	saving->kept.dir = saving->kept.fd = -1;
}

void saving_close(struct saving *saving)
{
	saving_drop(saving);
	target_close(&saving->kept);
}

/* ---- The directory in which the save grows ---- */

/* Move what has come to the directory keep[where - 1]. */
static int go_to(struct saving *saving, size_t where)
{
	int dir = private_open(saving->keep[where - 1]), r;

	if (dir < 0)
		return dir;
	r = save_move(&saving->save, dir);
	if (r < 0) {
		close(dir);
		return r;
	}
	if (saving->private >= 0)
		close(saving->private);
	saving->private = dir;
	saving->where = where;
	return 0;
}

/* The save cannot stay, because of `r`: try the next directories. Returns whether one took it. */
static bool go_on(struct saving *saving, int r)
{
	size_t where = saving->where;

	if (saving->reason == 0) {
		saving->reason = -r;
		saving->cause = r == -EACCES || r == -EPERM ? OPENER_DIRECTORY : 0;
	}
	while (saving->keep[where]) {
		int next = go_to(saving, ++where);

		if (next == 0)
			return true;
	}
	saving_drop(saving);
	saving->failure = r;
	return false;
}

/* Is it a database with changes in its journal? They would spoil another content. */
static bool is_within(const struct target *target)
{
	return database_look(target->dir, target->name, target->fd, &target->seen.status) ==
	       DATABASE_WITHIN;
}

/* Is there a reason against replacing the original, whatever its directory takes? */
static void look_for_reason(struct saving *saving)
{
	const struct original *original = saving->original;
	int r = conditions_writable(&original->target);

	if (r == 0 && is_within(&original->target))
		r = -EBUSY;
	saving->reason = original->notes & OPENER_SECOND ? EBUSY : -r;
	saving->blocked = saving->reason != 0;
	saving->cause = original->notes & OPENER_SECOND ? OPENER_SECOND
			: r == -EPERM                   ? OPENER_IMMUTABLE
			: r == -EACCES                  ? OPENER_READ_ONLY
			: r == -EROFS                   ? OPENER_READ_ONLY_MOUNT
			: r == -EBUSY                   ? OPENER_DATABASE
							: 0;
}

void saving_begin(struct saving *saving, uint64_t announced)
{
	const struct target *target = &saving->original->target;
	int r = -EPERM;

	saving->where = 0;
	saving->failure = 0;
	saving->received = 0;
	look_for_reason(saving);
	/* What is made in such a directory stays there. */
	if (conditions_keeps_all(target))
		save_nowhere(&saving->save, target->dir, announced);
	else
		r = save_begin(&saving->save, target->dir, announced);
	if (r < 0)
		go_on(saving, r);
}

void saving_write(struct saving *saving, const void *bytes, size_t size)
{
	int r = 0;

	saving->received += size;
	digest_add(&saving->save.digest, bytes, size);
	if (saving->failure)
		return;
	do
		r = save_write(&saving->save, bytes, size);
	while (r < 0 && go_on(saving, r));
}

void saving_drop(struct saving *saving)
{
	save_end(&saving->save);
	if (saving->private >= 0)
		close(saving->private);
	saving->private = -1;
}

/* ---- Where the save goes ---- */

/* "report (edited in work, 2026-11-23 14.36.05).pdf" */
static void kept_name(const struct saving *saving, char name[NAME_MAX + 1])
{
	char when[sizeof("2026-11-23 14.36.05") + 8], tag[128 + 1], from[NAME_MAX + 1];
	const char *origin = saving->options->from;
	size_t length = strnlen(origin, 64);
	time_t now = time(NULL);
	struct tm local;

	if (name_safe(origin, length, from) < 0)
		strcpy(from, "another VM");
	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%Y-%m-%d %H.%M.%S", &local);
	snprintf(tag, sizeof(tag), "edited in %.64s, %s", from, when);
	/* A very long extension leaves no room for the tag. */
	if (name_tagged(saving->original->target.name, tag, name) < 0)
		snprintf(name, NAME_MAX + 1, "file (%s)", tag);
}

/* May the one that was kept before be replaced? Not a good one by one that may be damaged. */
static bool may_replace_kept(struct saving *saving, bool doubtful)
{
	if (!doubtful || saving->kept_doubtful || saving->backups == SAVING_BACKUPS_MAX)
		return true;
	saving->backups++;
	return false;
}

/* Keep the save in its directory: replace the one that was kept before, or make a new file. */
static int keep_here(struct saving *saving, bool doubtful)
{
	const struct original *original = saving->original;
	char name[NAME_MAX + 1];
	int r;

	if (saving->kept.dir >= 0 && saving->kept_where == saving->where &&
	    (target_has(&saving->kept, &saving->save) ||
	     (may_replace_kept(saving, doubtful) &&
	      target_replace(&saving->kept, &saving->save, NULL) == 0))) {
		saving->kept_doubtful = doubtful;
		return 0;
	}
	/*
	 * Beside the original it gets the attributes of the original, or failing that 0600. In a
	 * private directory it stays 0600.
	 */
	if (saving->where == 0 && attributes_copy(original->target.fd, saving->save.fd) < 0 &&
	    attributes_set_mode(saving->save.fd, 0600) < 0)
		return -EPERM;
	kept_name(saving, name);
	r = target_create(&saving->kept, &saving->save, name);
	if (r == 0) {
		saving->kept_where = saving->where;
		saving->kept_doubtful = doubtful;
	}
	return r;
}

/* Why replacing has failed, for people. */
static unsigned cause_of(const struct saving *saving, int r)
{
	const unsigned notes = saving->original->notes;

	switch (r) {
	case -EXDEV:
		return OPENER_MOUNT;
	case -EACCES:
		return OPENER_DIRECTORY;
	case -EPERM:
		return notes & OPENER_IMMUTABLE   ? OPENER_IMMUTABLE
		       : notes & OPENER_DIRECTORY ? OPENER_DIRECTORY
						  : OPENER_OWNER;
	default:
		return 0;
	}
}

/* Can what replacing fails of be got round by writing into the file itself? */
static bool in_place_helps(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS || r == -EXDEV || r == -EMLINK;
}

static int put_in_place(struct saving *saving, bool backup, struct opener_event *event)
{
	int r = in_place_write(&saving->original->target, &saving->save, saving->keep, backup,
			       event->path);

	event->in_place = r == 0;
	/* What is against it is the file's own. */
	saving->cause = r != -EACCES && r != -EPERM                  ? 0
			: saving->original->notes & OPENER_IMMUTABLE ? OPENER_IMMUTABLE
								     : OPENER_READ_ONLY;
	return r;
}

/* Put the save where the original is. */
static int put(struct saving *saving, bool backup, struct opener_event *event)
{
	struct original *original = saving->original;
	const bool in_place = saving->options->in_place;
	char former[NAME_MAX + 1];
	int r = -saving->reason;

	/* It may have got a journal while the save came. */
	if (r == 0 && is_within(&original->target)) {
		saving->cause = OPENER_DATABASE;
		saving->reason = EBUSY;
		return -EBUSY;
	}
	if (r == 0 && in_place && original->target.seen.status.st_nlink > 1)
		r = -EMLINK;
	if (r == 0) {
		r = target_replace(&original->target, &saving->save, backup ? former : NULL);
		if (r == 0 && backup)
			target_path(original->target.dir, former, event->path);
		saving->cause = cause_of(saving, r);
	}
	if (r < 0 && in_place && !saving->blocked && in_place_helps(r))
		r = put_in_place(saving, backup, event);
	saving->reason = -r;
	return r;
}

/* Put it there, and what was there before aside if the save is doubtful. */
static int put_well(struct saving *saving, bool doubtful, struct opener_event *event)
{
	/* A backup of the doubtful is of no use, and there is one of what was before it. */
	const bool backup = doubtful && !saving->doubtful;
	int r;

	if (backup && saving->backups == SAVING_BACKUPS_MAX && saving->reason == 0)
		saving->reason = EDQUOT;
	r = put(saving, backup, event);
	if (r == 0 && backup)
		saving->backups++;
	if (r == 0)
		saving->doubtful = doubtful;
	return r;
}

/* It could be written nowhere: is it, by its length and digest, what the original has already? */
static bool is_seen(const struct saving *saving)
{
	struct target *target = &saving->original->target;
	int fd;

	if (digest_value(&saving->save.digest) != target->seen.digest ||
	    saving->received != (uint64_t)target->seen.status.st_size)
		return false;
	fd = seen_look(target->dir, target->name, &target->seen, SEEN_NOT_RENAMED);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int save(struct saving *saving, bool doubtful, struct opener_event *event)
{
	if (saving->failure)
		return is_seen(saving) ? OPENER_SAVED : OPENER_DROPPED;
	if (target_has(&saving->original->target, &saving->save)) {
		/* Now it is known to be good, or it was before. */
		saving->doubtful &= doubtful;
		return OPENER_SAVED;
	}
	if (put_well(saving, doubtful, event) == 0)
		return OPENER_SAVED;
	while (!saving->failure) {
		int r = keep_here(saving, doubtful);

		if (r == 0) {
			event->code = saving->reason;
			event->cause = saving->cause;
			target_path(saving->kept.dir, saving->kept.name, event->path);
			return OPENER_KEPT;
		}
		go_on(saving, r);
	}
	return OPENER_DROPPED;
}

int saving_end(struct saving *saving, bool doubtful, struct opener_event *event,
	       struct qfile_error *error)
{
	int step;

	step = save(saving, doubtful, event);
	if (step == OPENER_DROPPED)
		error_set(error, saving->failure, "saving", saving->original->base);
	saving_drop(saving);
	return step;
}
