/*
 * Commit: makes a complete delivery visible, all of it or nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit.h"
#include "format/name.h"

#include "format/error.h"
#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* One rename of a plan. */
struct step {
	uint64_t ino;  /* of the entry, to recognize it */
	uint32_t mode; /* of the entry, to set it again after the rename if `widen` */
	/* A directory that its owner may not write to: made writable, so that it can be renamed. */
	uint32_t widen;
	char name[NAME_MAX + 1];  /* in the staging directory's tree */
	char final[NAME_MAX + 1]; /* in the incoming directory */
};

static bool is_dot_or_dot_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool taken(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Will an entry that is planned already have this name? Only long names can become the same,
 * because they are shortened to make room for a number.
 */
static bool planned(FILE *plan, const char *final)
{
	struct step step;
	bool found = false;

	if (!plan || strlen(final) < NAME_MAX)
		return false;
	rewind(plan);
	while (!found && fread(&step, sizeof(step), 1, plan) == 1)
		found = strcmp(step.final, final) == 0;
	return fseek(plan, 0, SEEK_END) == 0 && found;
}

/*
 * Find a final name for the entry `name`: one that is not taken, and that no other entry of this
 * delivery will have. `plan` has the entries before, or is NULL.
 */
static int free_name(const struct staging *staging, FILE *plan, const char *name,
		     enum qfile_conflict on_conflict, char final[NAME_MAX + 1])
{
	strcpy(final, name);
	for (unsigned number = 2;
	     taken(staging->incoming, final) ||
	     (number > 2 && (taken(staging->tree, final) || planned(plan, final)));
	     number++) {
		int r;

		if (on_conflict == QFILE_CONFLICT_FAIL || number == 0)
			return -EEXIST;
		r = name_numbered(name, number, final);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * May an entry with this name be made visible? The child has checked all names, but the sender may
 * have taken it over: with a false staging directory that has a plan in it, the sender could make
 * the next receiver rename things.
 */
static bool name_ok(const char *untrusted_name)
{
	return !strchr(untrusted_name, '/') &&
	       qfile_name_check(untrusted_name, strlen(untrusted_name), QFILE_ALLOW_ALL_NAMES) == 0;
}

static int plan_step(const struct staging *staging, FILE *plan, const char *name,
		     enum qfile_conflict on_conflict, struct step *step)
{
	struct stat status;

	memset(step, 0, sizeof(*step)); /* it is written to the disk, padding and all */
	if (!name_ok(name))
		return -EPERM;
	if (fstatat(staging->tree, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* The child makes nothing else, unless the sender has taken it over. */
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
		return -EPERM;
	strcpy(step->name, name);
	step->ino = status.st_ino;
	step->mode = status.st_mode & 0777;
	step->widen = S_ISDIR(status.st_mode) && !(status.st_mode & S_IWUSR);
	return free_name(staging, plan, name, on_conflict, step->final);
}

/*
 * Write a step for each entry of the tree to `plan`. *steps counts the steps, *renamed those with
 * another final name; *first becomes the first step.
 */
static int plan_all(const struct staging *staging, enum qfile_conflict on_conflict, FILE *plan,
		    unsigned *steps, unsigned *renamed, struct step *first,
		    struct qfile_error *error)
{
	DIR *list = directory_read(openat(staging->tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	struct step step;
	int r = 0;

	if (!list)
		return error_set(error, -errno, "committing", NULL);
	while (r == 0) {
		errno = 0;
		entry = readdir(list);
		if (!entry) {
			/* A failed readdir() must not look like the end of the directory. */
			r = errno ? error_set(error, -errno, "committing", NULL) : 0;
			break;
		}
		if (is_dot_or_dot_dot(entry->d_name))
			continue;
		r = plan_step(staging, plan, entry->d_name, on_conflict, &step);
		if (r < 0)
			error_set(error, r, "committing", entry->d_name);
		else if (fwrite(&step, sizeof(step), 1, plan) != 1)
			r = error_set(error, -errno, "committing", entry->d_name);
		if ((*steps)++ == 0)
			*first = step;
		*renamed += strcmp(step.name, step.final) != 0;
	}
	closedir(list);
	if (r == 0 && fflush(plan) != 0)
		r = error_set(error, -errno, "committing", NULL);
	return r;
}

/*
 * Read the next step. Returns 1 for a step, 0 at the end. What was read from the disk is checked
 * again, so that a plan can name nothing outside of the two directories.
 */
static int read_step(FILE *plan, struct step *step)
{
	if (fread(step, sizeof(*step), 1, plan) != 1)
		return ferror(plan) ? -EIO : 0;
	if (!memchr(step->name, '\0', sizeof(step->name)) ||
	    !memchr(step->final, '\0', sizeof(step->final)) || !name_ok(step->name) ||
	    !name_ok(step->final) || step->mode > 0777)
		return -EPERM;
	return 1;
}

/* Rename an entry into the incoming directory, never over another. If that was done, succeed. */
static int publish(const struct staging *staging, const struct step *step)
{
	struct stat status;
	int r = 0;

	if (step->widen &&
	    fchmodat(staging->tree, step->name, step->mode | S_IWUSR, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return -errno;
	if (renameat2(staging->tree, step->name, staging->incoming, step->final, RENAME_NOREPLACE) <
	    0) {
		r = -errno;
		if (r == -ENOENT &&
		    fstatat(staging->incoming, step->final, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    status.st_ino == step->ino)
			r = 0;
	}
	if (r == 0 && step->widen &&
	    fchmodat(staging->incoming, step->final, step->mode, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

/* Take a step back, as far as the system, which has just failed, lets us. */
static void unpublish(const struct staging *staging, const struct step *step)
{
	struct stat status;

	if (fstatat(staging->incoming, step->final, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    status.st_ino != step->ino)
		return;
	if (step->widen &&
	    fchmodat(staging->incoming, step->final, step->mode | S_IWUSR, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	renameat2(staging->incoming, step->final, staging->tree, step->name, RENAME_NOREPLACE);
}

/* Bring everything in the file system of the staging directory to stable storage, in one go. */
static int sync_all(const struct staging *staging, struct qfile_error *error)
{
	return syncfs(staging->dir) < 0 ? error_set(error, -errno, "syncing", NULL) : 0;
}

/* Take back the steps that were done, and then the decision. */
static void unpublish_all(const struct staging *staging, FILE *plan)
{
	struct step step;

	rewind(plan);
	while (read_step(plan, &step) > 0)
		unpublish(staging, &step);
	renameat(staging->dir, STAGING_COMMIT, staging->dir, STAGING_TREE);
}

/* Carry out the whole plan, and make that durable. After a failure, take everything back. */
static int publish_all(const struct staging *staging, FILE *plan, struct qfile_error *error)
{
	struct step step = {.ino = 0};
	/*
	 * Not rewind(), which does not report failures: read from another place, the plan would
	 * look shorter.
	 */
	int r = fseek(plan, 0, SEEK_SET) < 0 ? -errno : 0;

	while (r == 0) {
		r = read_step(plan, &step);
		if (r <= 0)
			break;
		r = publish(staging, &step);
	}
	if (r < 0)
		error_set(error, r, "committing", step.final);
	else
		/* Not only the directory: the modes of widened directories must be durable, too. */
		r = sync_all(staging, error);
	if (r < 0)
		unpublish_all(staging, plan);
	return r;
}

/*
 * Carry out the plan in a second process. If one of the two is killed, the other finishes: no
 * single signal can leave half a delivery visible.
 */
static int publish_surely(const struct staging *staging, FILE *plan, struct qfile_error *error)
{
	pid_t pid = fork(), ended = -1;
	int status;

	if (pid == 0)
		_exit(-publish_all(staging, plan, NULL) & 0xff);
	if (pid > 0) {
		while ((ended = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
			;
	}
	/*
	 * There is no second process, or it was killed, or SIGCHLD is ignored, so that nobody knows
	 * how it ended: do it here. Steps that it has done succeed again.
	 */
	if (ended < 0 || !WIFEXITED(status))
		return publish_all(staging, plan, error);
	return WEXITSTATUS(status) ? error_set(error, -WEXITSTATUS(status), "committing", NULL) : 0;
}

static int sync_incoming(const struct staging *staging, struct qfile_error *error)
{
	return fsync(staging->incoming) < 0 ? error_set(error, -errno, "syncing", NULL) : 0;
}

static int commit_one(const struct staging *staging, const struct step *step,
		      struct qfile_error *error)
{
	int r = sync_all(staging, error);

	if (r < 0)
		return r;
	r = publish(staging, step);
	if (r < 0)
		return error_set(error, r, "committing", step->final);
	r = sync_incoming(staging, error);
	if (r < 0)
		unpublish(staging, step);
	return r;
}

static int commit_planned(const struct staging *staging, FILE *plan, struct qfile_error *error)
{
	int r = sync_all(staging, error);

	if (r < 0)
		return r;
	if (renameat(staging->dir, STAGING_TREE, staging->dir, STAGING_COMMIT) < 0 ||
	    fsync(staging->dir) < 0)
		return error_set(error, -errno, "committing", NULL);
	return publish_surely(staging, plan, error);
}

static FILE *open_plan(const struct staging *staging, int flags, const char *mode)
{
	int fd = openat(staging->dir, STAGING_PLAN, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *plan = fd < 0 ? NULL : fdopen(fd, mode);

	if (!plan && fd >= 0)
		close(fd);
	return plan;
}

int commit(struct staging *staging, enum qfile_conflict on_conflict, unsigned *renamed,
	   struct qfile_error *error)
{
	FILE *plan = open_plan(staging, O_RDWR | O_CREAT | O_EXCL, "w+");
	struct step first;
	unsigned steps = 0;
	int r;

	if (!plan)
		return error_set(error, -errno, "committing", NULL);
	/* A lock, so that no other receiver takes a name between our look and our rename. */
	while (flock(staging->incoming, LOCK_EX) < 0 && errno == EINTR)
		;
	r = plan_all(staging, on_conflict, plan, &steps, renamed, &first, error);
	if (r == 0 && steps == 1 && !first.widen)
		r = commit_one(staging, &first, error);
	else if (r == 0 && steps > 0)
		r = commit_planned(staging, plan, error);
	flock(staging->incoming, LOCK_UN);
	fclose(plan);
	return r;
}

/*
 * Carry out a step that was decided earlier. If the user has taken its name in the meantime, the
 * entry arrives under another.
 */
static int publish_late(const struct staging *staging, struct step *step)
{
	int r = publish(staging, step);

	if (r == -EEXIST) {
		r = free_name(staging, NULL, step->name, QFILE_CONFLICT_RENAME, step->final);
		if (r == 0)
			r = publish(staging, step);
	}
	/* Published already, and by now the user has moved it elsewhere. */
	return r == -ENOENT ? 0 : r;
}

/* Finish a delivery that was decided. */
static int finish(struct staging *staging)
{
	FILE *plan = open_plan(staging, O_RDONLY, "r");
	struct step step;
	int r = 0;

	if (!plan)
		return -errno;
	staging->tree = openat(staging->dir, STAGING_COMMIT,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->tree < 0)
		r = -errno;
	while (r == 0) {
		r = read_step(plan, &step);
		if (r <= 0)
			break;
		r = publish_late(staging, &step);
	}
	fclose(plan);
	return r == 0 && syncfs(staging->dir) < 0 ? -errno : r;
}

void commit_sweep(int incoming)
{
	DIR *list = directory_read(openat(incoming, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		struct staging staging;

		if (staging_adopt(&staging, incoming, entry->d_name) < 0)
			continue;
		/* Remove only what was certainly not decided, or is finished now. */
		if ((faccessat(staging.dir, STAGING_COMMIT, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		     errno == ENOENT) ||
		    finish(&staging) == 0)
			staging_remove(&staging);
		else
			staging_close(&staging);
	}
	if (list)
		closedir(list);
}
