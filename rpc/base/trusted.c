/*
 * Files that nobody could have changed or exchanged but root and the user that we are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

struct walk {
	int at; /* the directory that was reached */
	char rest[2 * PATH_MAX];
	unsigned links;
	bool trusted;
};

static bool is_ours(const struct stat *status)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return false;
	/* A link has all its mode bits, and they say nothing. */
	return S_ISLNK(status->st_mode) || !(status->st_mode & (S_IWGRP | S_IWOTH)) ||
	       (S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX));
}

/* Go to the directory `name` of the one that was reached. */
static int enter(struct walk *walk, const char *name)
{
	int fd = openat(walk->at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (walk->at >= 0)
		close(walk->at);
	walk->at = fd;
	return 0;
}

static int begin_at_root(struct walk *walk)
{
	struct stat status;
	int r = enter(walk, "/");

	if (r == 0 && fstat(walk->at, &status) == 0)
		walk->trusted &= is_ours(&status);
	return r;
}

/* What a link says comes before the rest of the way. */
static int follow(struct walk *walk, const char *name)
{
	char target[PATH_MAX], rest[2 * PATH_MAX];
	ssize_t length = readlinkat(walk->at, name, target, sizeof(target) - 1);

	if (length <= 0)
		return length < 0 ? -errno : -ENOENT;
	target[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest) >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(walk->rest, rest, sizeof(rest));
	return *target == '/' ? begin_at_root(walk) : 0;
}

/* The next name on the way, taken off it. False: this was the last. */
static bool next_name(struct walk *walk, char name[NAME_MAX + 1])
{
	char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/"), kept = length > NAME_MAX ? NAME_MAX : length;

	memcpy(name, from, kept);
	name[kept] = '\0';
	memmove(walk->rest, from + length, strlen(from + length) + 1);
	return length > 0;
}

static int step(struct walk *walk, const char *name, struct stat *status)
{
	if (fstatat(walk->at, name, status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	walk->trusted &= is_ours(status);
	if (S_ISLNK(status->st_mode))
		return follow(walk, name);
	return S_ISDIR(status->st_mode) ? enter(walk, name) : 0;
}

/* All of the way, from the root. */
static int walk_to(struct walk *walk, const char *path, struct stat *status)
{
	char name[NAME_MAX + 1], here[PATH_MAX] = "";
	int r;

	if (*path != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	if ((size_t)snprintf(walk->rest, sizeof(walk->rest), "%s/%s", here, path) >=
	    sizeof(walk->rest))
		return -ENAMETOOLONG;
	r = begin_at_root(walk);
	if (r == 0 && fstat(walk->at, status) < 0)
		return -errno;
	while (r == 0 && next_name(walk, name)) {
		/* Behind what is no directory there is nothing. */
		if (!S_ISDIR(status->st_mode) && !S_ISLNK(status->st_mode))
			return -ENOTDIR;
		r = step(walk, name, status);
	}
	return r;
}

int trusted_find(const char *path, struct stat *status)
{
	static struct walk walk;
	int r;

	walk = (struct walk){.at = -1, .trusted = true};
	r = walk_to(&walk, path, status);
	if (walk.at >= 0)
		close(walk.at);
	return r == 0 && !walk.trusted ? -EPERM : r;
}
