/*
 * Saving: what is done with the saves that come back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/saving.h"
#include "format/name.h"
#include "open/opener/opener.h"

#include "format/error.h"
#include "open/opener/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void saving_init(struct saving *saving, struct original *original, const char *from,
		 const char *const *keep)
{
	*saving = (struct saving){.original = original, .from = from, .keep = keep, .private = -1};
	saving->save.fd = -1;
	saving->kept.dir = saving->kept.fd = -1;
}

void saving_close(struct saving *saving)
{
	saving_drop(saving);
	target_close(&saving->kept);
}

/* ---- The directory in which the save grows ---- */

/*
 * Make the directory at `path` and those above it, if they are missing. Returns whether any was
 * made.
 */
static bool make_path(const char *path)
{
	char parent[PATH_MAX];
	bool made = false;

	if (!*path || strlen(path) >= sizeof(parent))
		return false;
	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(end - path), path);
		made = mkdirat(AT_FDCWD, parent, 0700) == 0 || made;
	}
	return mkdirat(AT_FDCWD, path, 0700) == 0 || made;
}

/* Others may have made it: the directory above may be open to all, such as /var/tmp. */
static int check_private(int dir)
{
	struct stat status;

	if (fstat(dir, &status) < 0)
		return -errno;
	return status.st_uid != geteuid() || status.st_mode & 077 ? -EPERM : 0;
}

static int open_private(const char *path)
{
	bool made = make_path(path);
	int dir = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

	if (dir < 0)
		return -errno;
	r = check_private(dir);
	/* A save that is kept there is only durable if the directory is. */
	if (r == 0 && made && syncfs(dir) < 0)
		r = -errno;
	if (r < 0)
		close(dir);
	return r < 0 ? r : dir;
}

/* Move what has come to the directory keep[where - 1]. */
static int go_to(struct saving *saving, size_t where)
{
	int dir = open_private(saving->keep[where - 1]), r;

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

	if (saving->reason == 0)
		saving->reason = -r;
	while (saving->keep[where]) {
		int next = go_to(saving, ++where);

		if (next == 0)
			return true;
	}
	saving_drop(saving);
	saving->failure = r;
	return false;
}

void saving_begin(struct saving *saving, uint64_t announced)
{
	struct original *original = saving->original;
	int r;

	saving->where = 0;
	saving->failure = 0;
	saving->reason = original->notes & OPENER_SECOND ? EBUSY : -original_writable(original);
	r = save_begin(&saving->save, original->target.dir, announced);
	if (r < 0)
		go_on(saving, r);
}

void saving_write(struct saving *saving, const void *bytes, size_t size)
{
	int r = 0;

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
	size_t length = strnlen(saving->from, 64);
	time_t now = time(NULL);
	struct tm local;

	if (name_safe(saving->from, length, from) < 0)
		strcpy(from, "another VM");
	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%Y-%m-%d %H.%M.%S", &local);
	snprintf(tag, sizeof(tag), "edited in %.64s, %s", from, when);
	/* A very long extension leaves no room for the tag. */
	if (name_tagged(saving->original->target.name, tag, name) < 0)
		snprintf(name, NAME_MAX + 1, "file (%s)", tag);
}

/* Keep the save in its directory: replace the one that was kept before, or make a new file. */
static int keep_here(struct saving *saving)
{
	const struct original *original = saving->original;
	char name[NAME_MAX + 1];
	int r;

	if (saving->kept.dir >= 0 && saving->kept_where == saving->where &&
	    target_replace(&saving->kept, &saving->save, NULL) == 0)
		return 0;
	/*
	 * Beside the original it gets the attributes of the original, or failing that 0600. In a
	 * private directory it stays 0600.
	 */
	if (saving->where == 0 && attributes_copy(original->target.fd, saving->save.fd) < 0 &&
	    fchmod(saving->save.fd, 0600) < 0)
		return -errno;
	kept_name(saving, name);
	r = target_create(&saving->kept, &saving->save, name);
	if (r == 0)
		saving->kept_where = saving->where;
	return r;
}

static int save(struct saving *saving, bool backup, struct opener_event *event)
{
	struct target *target = &saving->original->target;
	char former[NAME_MAX + 1];
	int r;

	if (saving->reason == 0 && !saving->failure) {
		r = target_replace(target, &saving->save, backup ? former : NULL);
		if (r == 0 && backup)
			target_path(target->dir, former, event->path);
		if (r == 0)
			return OPENER_SAVED;
		saving->reason = -r;
	}
	while (!saving->failure) {
		r = keep_here(saving);
		if (r == 0) {
			event->code = saving->reason;
			target_path(saving->kept.dir, saving->kept.name, event->path);
			return OPENER_KEPT;
		}
		go_on(saving, r);
	}
	return OPENER_DROPPED;
}

int saving_end(struct saving *saving, uint32_t crc, bool backup, struct opener_event *event,
	       struct qfile_error *error)
{
	int step;

	event->code = 0;
	event->path[0] = '\0';
	saving->save.crc = crc;
	step = save(saving, backup, event);
	if (step == OPENER_DROPPED)
		error_set(error, saving->failure, "saving", saving->original->base);
	saving_drop(saving);
	return step;
}
