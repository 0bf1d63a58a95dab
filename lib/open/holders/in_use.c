/*
 * Has a process the file in use?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/holders/in_use.h"
#include "io/directory.h"
#include "open/holders/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Directories above each other: in more it is not looked. */
#define LEVELS_MAX 10000

void search_begin(struct search *search, struct target *target)
{
	search->target = target;
	search->named = target_names(target, &search->names);
}

/*
 * Does the path lead into the private directory? It is enough to look for the directory's name,
 * which is random: in another mount namespace the path before it may differ. After the path there
 * may be " (deleted)", in a line of maps a newline, and in a command line anything.
 */
static bool leads_there(const char *path, void *argument)
{
	const struct search *search = argument;
	const char *base = search->target->base, *at = path;
	size_t length = strlen(base);

	while ((at = strstr(at, base))) {
		if (at > path && at[-1] == '/' && strchr("/ \n'\"", at[length]))
			return true;
		at += length;
	}
	return false;
}

static bool is_name(const struct watched *watched, const struct watched *name)
{
	return watched->inode != 0 && watched->inode == name->inode &&
	       watched->device == name->device;
}

/* Is it the file? That the directory is among them is noted. */
static bool is_watched(const char *line, void *argument)
{
	struct search *search = argument;
	struct watched watched;

	if (!watched_parse(line, &watched))
		return false;
	if (is_name(&watched, &search->names.directory))
		search->seen = WAY_AROUND;
	return is_name(&watched, &search->names.file);
}

/*
 * A way, or a negative errno. Where the file's name for inotify is not known, an instance of
 * somebody's may watch it.
 */
static int watches(int process, const char *fd, struct search *search)
{
	char info[300];
	int r;

	if (search->named < 0)
		return search->named;
	snprintf(info, sizeof(info), "fdinfo/%s", fd);
	search->seen = WAY_NONE;
	r = process_any(process, info, '\n', is_watched, search);
	return r == 1 ? WAY_WATCHED : r < 0 ? r : (int)search->seen;
}

/* Returns whether the link leads there, with its target; or a negative errno. */
static int link_leads_there(int dir, const char *name, struct search *search, char path[PATH_MAX])
{
	ssize_t n = readlinkat(dir, name, path, PATH_MAX - 1);

	path[n < 0 ? 0 : n] = '\0';
	if (n < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	return leads_there(path, search);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The same where it is no directory that has too long a path: is it the file itself? */
static int is_the_file(int dir, const char *name, const struct search *search)
{
	struct stat it, file;

	if (fstatat(dir, name, &it, 0) < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	return stat(search->target->path, &file) == 0 && is_same(&it, &file);
}

/*
 * Does the link lead to a directory, whose path is too long to be read, in the private directory?
 * Then that is above it.
 */
static int climbs_there(int dir, const char *name, const struct search *search)
{
	static const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	struct stat there, here, above = {.st_ino = 0};
	int fd = openat(dir, name, flags), r = -ENAMETOOLONG;

	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? 0
		       : errno == ENOTDIR                ? is_the_file(dir, name, search)
							 : -errno;
	if (fstatat(AT_FDCWD, search->target->directory, &there, 0) < 0)
		r = -errno;
	for (int level = 0; r == -ENAMETOOLONG && fd >= 0 && level < LEVELS_MAX; level++) {
		int up = openat(fd, "..", flags);

		here = above;
		if (fstat(fd, &above) < 0 || up < 0)
			r = -errno;
		else if (is_same(&above, &there))
			r = 1;
		else if (level > 0 && is_same(&above, &here)) /* the root */
			r = 0;
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
	/* It has ended, or what was removed has nothing above it. */
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}

/* A way, or a negative errno. */
static int by_descriptor(int process, int list, const char *fd, struct search *search)
{
	char path[PATH_MAX];
	int r = link_leads_there(list, fd, search, path);

	if (r == -ENAMETOOLONG)
		r = climbs_there(list, fd, search);
	if (r == 1)
		return WAY_OPEN;
	if (r == 0 && strcmp(path, "anon_inode:inotify") == 0)
		r = watches(process, fd, search);
	return r == -ESRCH ? WAY_NONE : r;
}

/* The strongest way, where there is one; else what could not be seen. */
static int stronger(int a, int b)
{
	return a > 0 || b > 0 ? (a > b ? a : b) : (a < b ? a : b);
}

static int by_descriptors(int process, struct search *search)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), way = WAY_NONE;
	DIR *list = directory_read(fd);
	const struct dirent *entry;

	if (!list)
		return errno == ENOENT || errno == ESRCH ? WAY_NONE : -errno;
	do {
		errno = 0;
		entry = readdir(list);
		if (entry && !is_dot_or_dot_dot(entry->d_name))
			way = stronger(way, by_descriptor(process, fd, entry->d_name, search));
		else if (!entry && errno != 0 && errno != ENOENT && errno != ESRCH)
			way = stronger(way, -errno);
	} while (entry && way != WAY_WATCHED);
	closedir(list);
	return way;
}

/* A way, where any part of a file says so. What has ended says no more. */
static int by_file(int process, const char *name, char delimiter, enum way way,
		   struct search *search)
{
	int r = process_any(process, name, delimiter, leads_there, search);

	return r == 1 ? (int)way : r == -ESRCH ? WAY_NONE : r;
}

int in_use(int dir, const struct search *given)
{
	struct search search = *given;
	char path[PATH_MAX];
	int way = by_descriptors(dir, &search), r;

	if (way <= WAY_NONE)
		way = stronger(way, by_file(dir, "maps", '\n', WAY_OPEN, &search));
	if (way <= WAY_NONE) {
		r = link_leads_there(dir, "cwd", &search, path);
		if (r == -ENAMETOOLONG)
			r = climbs_there(dir, "cwd", &search);
		way = stronger(way, r == 1 ? WAY_CURRENT : r);
	}
	return way <= WAY_NONE ? stronger(way, by_file(dir, "cmdline", '\0', WAY_NAMED, &search))
			       : way;
}
