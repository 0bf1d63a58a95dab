/*
 * Commit: makes a complete delivery visible, all of it or nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/commit.h"

#include "format/error.h"
#include "receive/commit/naming.h"
#include "receive/commit/publish.h"
#include "receive/commit/sync.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Milliseconds to wait for another receiver, and between two tries. Who may read the directory may
 * hold its lock for as long as they like, so the lock is a courtesy: no rename replaces anything.
 */
#define LOCK_TIMEOUT  2000
#define LOCK_INTERVAL 20

/*
 * One at a time, as far as can be: no other receiver takes a name between our look and our rename.
 */
static int lock_incoming(const struct staging *staging, struct cancel *cancel)
{
	int64_t until = clock_now() + LOCK_TIMEOUT;
	int r = cancel_wait(cancel, -1, 0);

	while (r == 0 && flock(staging->incoming, LOCK_EX | LOCK_NB) < 0 &&
	       (errno == EWOULDBLOCK || errno == EINTR) && clock_now() < until)
		r = cancel_wait(cancel, -1, LOCK_INTERVAL);
	return r;
}

/* Syncing has failed with `code`. */
static int not_synced(int code, struct qfile_error *error)
{
	error_set(error, code, "syncing", NULL);
	if (error && code == -EOPNOTSUPP)
		error->hint = SYNC_LACKS;
	return code;
}

/* Bring everything in the file system of the staging directory to stable storage, in one go. */
static int sync_all(const struct staging *staging, struct qfile_error *error)
{
	int r = sync_whole(staging->dir);

	return r < 0 ? not_synced(r, error) : 0;
}

/* Nobody knows what others have to be written: where it is little that is ours, only that is. */
static int sync_content(const struct staging *staging, bool synced, struct cancel *cancel)
{
	/* Not by staging->dir, which the thread would keep locked where it is left to itself. */
	int r = synced ? 0 : sync_cancellable(staging->incoming, cancel);

	/* The child has synced all but the names at the top. */
	return r == 0 && (synced || staging->sync_each) ? sync_directory(staging->tree) : r;
}

/* The names in the incoming directory. */
static int sync_names(const struct staging *staging, struct qfile_error *error)
{
	int r = sync_directory(staging->incoming);

	return r < 0 ? not_synced(r, error) : 0;
}

/* ---- One entry ---- */

static int commit_one(struct publication *publication, const char *name, struct qfile_error *error)
{
	int r = publish_entry(publication, name, error);

	if (r == 0)
		r = sync_names(publication->staging, error);
	if (r < 0)
		unpublish_all(publication);
	return r;
}

/* ---- Several ---- */

/*
 * The names, and that they are not in the staging directory any more. The modes of directories that
 * were widened must be durable, too.
 */
static int sync_published(const struct publication *publication, struct qfile_error *error)
{
	const struct staging *staging = publication->staging;
	const bool few = publication->few && !publication->changed && !publication->again &&
			 !staging->flagless;
	int r = few ? sync_directory(staging->tree) : sync_all(staging, error);

	if (few && r < 0)
		return not_synced(r, error);
	return r == 0 && (few || staging->sync_each) ? sync_names(staging, error) : r;
}

/* Publish all of it, and make that durable. After a failure, take everything back. */
static int publish_durably(struct publication *publication, struct qfile_error *error)
{
	const struct staging *staging = publication->staging;
	int r = publish_all(publication, error);

	if (r == 0)
		r = sync_published(publication, error);
	if (r < 0) {
		unpublish_all(publication);
		renameat(staging->dir, STAGING_COMMIT, staging->dir, STAGING_TREE);
	}
	return r;
}

/*
 * Publish in a second process. If one of the two is killed, the other finishes: no single signal
 * can leave half a delivery visible.
 */
static int publish_surely(struct publication *publication, struct qfile_error *error)
{
	pid_t pid = fork(), ended = -1;
	int status;

	if (pid == 0)
		_exit(-publish_durably(publication, NULL) & 0xff);
	if (pid > 0) {
		/* Once more, whatever was in the way: two must not publish at the same time. */
		int tries = 2;

		do
			ended = waitpid(pid, &status, 0);
		while (ended < 0 && (errno == EINTR || --tries > 0));
	}
	/*
	 * There is no second process, or it was killed, or SIGCHLD is ignored, so that nobody knows
	 * how it ended: do it here. What it has published is not there any more.
	 */
	publication->again = true;
	if (ended < 0 || !WIFEXITED(status))
		return publish_durably(publication, error);
	return WEXITSTATUS(status) ? error_set(error, -WEXITSTATUS(status), "committing", NULL) : 0;
}

static int commit_several(struct publication *publication, struct qfile_error *error)
{
	const struct staging *staging = publication->staging;

	int r = renameat(staging->dir, STAGING_TREE, staging->dir, STAGING_COMMIT) < 0 ? -errno : 0;

	if (r == 0)
		r = sync_directory(staging->dir);
	return r < 0 ? error_set(error, r, "committing", NULL) : publish_surely(publication, error);
}

/* ---- All of it ---- */

static int commit_named(const struct staging *staging, struct naming *naming,
			const struct naming_result *named, const struct commit_options *options,
			struct qfile_error *error)
{
	struct publication publication;
	int several = named->entries > 1, r;

	if (named->entries == 0)
		return 0;
	if (several && publication_size(named->entries, named->name_bytes) > options->spare)
		return error_set(error, -EDQUOT, "noting the names", NULL);
	if (!several)
		several = publish_takes_steps(staging, named->name);
	r = several < 0 ? several : publication_open(&publication, staging, naming);
	if (r < 0)
		return error_set(error, r, "committing", NULL);
	publication.few = options->synced;
	r = several ? commit_several(&publication, error)
		    : commit_one(&publication, named->name, error);
	publication_close(&publication);
	return r;
}

int commit(struct staging *staging, const struct commit_options *options, struct cancel *cancel,
	   unsigned *renamed, struct qfile_error *error)
{
	struct naming_result named;
	struct naming naming;
	int r = sync_content(staging, options->synced, cancel);

	if (r < 0)
		return not_synced(r, error);
	r = lock_incoming(staging, cancel);
	if (r < 0)
		return error_set(error, r, "waiting for another delivery", NULL);
	naming_begin(&naming, staging, options->on_conflict);
	naming.renames = options->renames;
	r = naming_all(&naming, cancel, &named, error);
	*renamed = named.renamed;
	if (r == 0)
		r = commit_named(staging, &naming, &named, options, error);
	flock(staging->incoming, LOCK_UN);
	return r;
}

int commit_finish(struct staging *staging)
{
	struct publication publication = {.staging = staging, .list = -1, .again = true};
	struct naming naming;
	int r;

	staging->tree = openat(staging->dir, STAGING_COMMIT,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->tree < 0)
		return -errno;
	naming_begin(&naming, staging, QFILE_CONFLICT_RENAME);
	publication.naming = &naming;
	r = publish_all(&publication, NULL);
	if (r == -ENOENT)
		return -ESTALE; /* the incoming directory itself is gone */
	if (r == 0)
		r = sync_all(staging, NULL);
	return r == 0 ? sync_names(staging, NULL) : r;
}
