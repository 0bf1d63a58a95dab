/*
 * Sweeping: what receivers that were killed have left is finished, or removed.
 *
 * Whoever comes next sweeps for all sources, after the result has been sent: a source that never
 * calls again leaves nothing, and none waits for what another has left.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/sweep.h"

#include "io/directory.h"
#include "receive/commit/commit.h"
#include "receive/commit/detached.h"
#include "receive/commit/incoming.h"
#include "receive/commit/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <qfile.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Finish or remove one that is locked. Returns 0, or a negative errno: it stays. */
static int sweep_one(struct staging *staging)
{
	int r = commit_finish(staging);

	/* Only what is known to be finished, or not to be decided, is removed. */
	if (r == 0 || r == -ENOENT)
		return staging_remove(staging);
	staging_close(staging);
	return r;
}

/*
 * Find what was left in `incoming`. Returns whether there is something; where asked to, it does
 * away with that, and returns whether something stays.
 */
static bool find_left(int incoming, bool remove)
{
	DIR *list = directory_read(openat(incoming, ".", OPEN_DIRECTORY));
	const struct dirent *entry;
	bool found = false;

	while (list && (remove || !found) && (entry = readdir(list))) {
		struct staging staging;

		if (entry->d_name[0] != '.' || staging_adopt(&staging, incoming, entry->d_name) < 0)
			continue;
		if (remove) {
			found = sweep_one(&staging) < 0 || found;
		} else {
			found = true;
			staging_close(&staging);
		}
	}
	if (list)
		closedir(list);
	return found;
}

bool sweep_here(int incoming)
{
	return !find_left(incoming, true);
}

bool sweep(int incoming, int stop)
{
	return !find_left(incoming, false) || detached(sweep_here, incoming, stop);
}

/* The same for every directory in `sources`, which are of one source each. */
static bool find_left_of_all(int sources, bool remove)
{
	DIR *list = directory_read(openat(sources, ".", OPEN_DIRECTORY));
	const struct dirent *entry;
	bool found = false;

	while (list && (remove || !found) && (entry = readdir(list))) {
		int incoming;

		if (is_dot_or_dot_dot(entry->d_name) ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		incoming = openat(sources, entry->d_name, OPEN_DIRECTORY);
		if (incoming < 0)
			continue;
		found = find_left(incoming, remove) || found;
		close(incoming);
	}
	if (list)
		closedir(list);
	return found;
}

static bool remove_left_of_all(int sources)
{
	return !find_left_of_all(sources, true);
}

void qfile_sweep(const struct qfile_user *user, const char *incoming)
{
	const char *name = incoming ? incoming : INCOMING_NAME;
	int home =
		open(*user->home ? user->home : "/nonexistent", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int sources = home < 0 || !qfile_vm_name_ok(name) ? -1 : openat(home, name, OPEN_DIRECTORY);

	if (home >= 0)
		close(home);
	if (sources < 0)
		return;
	if (find_left_of_all(sources, false))
		detached(remove_left_of_all, sources, -1);
	close(sources);
}
