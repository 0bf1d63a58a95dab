/*
 * Directories of the user's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/private.h"

#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

/* A path that is gone one component at a time. */
struct way {
	int dir;             /* how far it was gone, */
	char rest[PATH_MAX]; /* and what is left of the path */
	unsigned links;      /* that were followed */
	uid_t root;          /* whose "/" is: in a user namespace, root has another number */
	bool made;           /* a directory was */
};

static bool is_trusted(const struct way *way, uid_t owner)
{
	return owner == geteuid() || owner == 0 || owner == way->root;
}

/* Go on from `fd`. Takes it over. */
static void step(struct way *way, int fd)
{
	if (way->dir >= 0)
		close(way->dir);
	way->dir = fd;
}

static int step_to(struct way *way, const char *path)
{
	int fd =
		openat(way->dir >= 0 ? way->dir : AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return -errno;
	step(way, fd);
	if (fstat(fd, &status) < 0)
		return -errno;
	return is_trusted(way, status.st_uid) ? 0 : -EPERM;
}

static int begin(struct way *way, const char *path)
{
	struct stat root;

	way->dir = -1;
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(way->rest))
		return -ENAMETOOLONG;
	strcpy(way->rest, path);
	if (fstatat(AT_FDCWD, "/", &root, 0) < 0)
		return -errno;
	way->root = root.st_uid;
	return step_to(way, *path == '/' ? "/" : ".");
}

/* Cut the first component off the rest. Returns whether there was one. */
static bool take_component(struct way *way, char name[NAME_MAX + 1])
{
	const char *begin = way->rest + strspn(way->rest, "/");
	size_t length = strcspn(begin, "/"), behind = strspn(begin + length, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, begin, length);
	name[length] = '\0';
	memmove(way->rest, begin + length + behind, strlen(begin + length + behind) + 1);
	return true;
}

/* Put the target of the link that is open as `fd` in front of the rest. */
static int follow(struct way *way, int fd)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n;

	if (!*way->rest || ++way->links > LINKS_MAX)
		return -ELOOP;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, way->rest) >= sizeof(rest))
		return -ENAMETOOLONG;
	strcpy(way->rest, rest);
	return *target == '/' ? step_to(way, "/") : 0;
}

/* Hold what is called `name`, a directory that is made if nothing is. Returns a descriptor. */
static int hold(struct way *way, const char *name)
{
	int fd = openat(way->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		int made = directory_make(way->dir, name, 0700);

		if (made < 0 && made != -EEXIST)
			return made;
		if (made >= 0) {
			way->made = true;
			close(made);
		}
		fd = openat(way->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int go(struct way *way, const char *name)
{
	int fd = hold(way, name), r = 0;
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (!is_trusted(way, status.st_uid))
		r = -EPERM;
	else if (S_ISLNK(status.st_mode))
		r = follow(way, fd);
	else if (!S_ISDIR(status.st_mode))
		r = -ENOTDIR;
	if (r == 0 && S_ISDIR(status.st_mode))
		step(way, fd);
	else
		close(fd);
	return r;
}

/* Open the end of the way, for more than being held. */
static int open_end(const struct way *way)
{
	int fd = openat(way->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (status.st_uid != geteuid() || status.st_mode & 077)
		r = -EPERM;
	/* What is kept there is durable only if the directory is. */
	else if (way->made && syncfs(fd) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int private_open(const char *path)
{
	struct way way = {.dir = -1};
	char name[NAME_MAX + 1];
	int r = begin(&way, path);

	while (r == 0 && take_component(&way, name))
		r = go(&way, name);
	if (r == 0)
		r = *way.rest ? -ENAMETOOLONG : open_end(&way);
	if (way.dir >= 0)
		close(way.dir);
	return r;
}
