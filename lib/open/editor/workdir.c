/*
 * The working directory: a private directory for the file that is edited.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/workdir.h"

#include "io/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * A program that is just ending may still make and remove files: try again this often.
 */
#define REMOVE_TRIES 100

/* The end of the directory's name. */
#define UNIQUE        "XXXXXX"
#define UNIQUE_LENGTH (sizeof(UNIQUE) - 1)

/* Names that were taken: so many, and there is somebody who makes them. */
#define NAME_TRIES 100

/* The path, without links, of `directory`, which is open as `dir`. */
static int path_of(int dir, const char *directory, char path[PATH_MAX])
{
	struct stat here, there;

	if (!realpath(directory, path) || fstat(dir, &here) < 0 ||
	    fstatat(AT_FDCWD, path, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* Somebody changed a link on the way. */
	return here.st_dev == there.st_dev && here.st_ino == there.st_ino ? 0 : -ESTALE;
}

/* Make a directory with a name that nobody knows in advance, the X of `name`. */
static int make_unique(int above, char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789";
	char *end = name + strlen(name) - UNIQUE_LENGTH;
	unsigned char random[UNIQUE_LENGTH];

	for (int i = 0; i < NAME_TRIES; i++) {
		if (getrandom(random, sizeof(random), 0) < 0)
			return -errno;
		for (size_t k = 0; k < UNIQUE_LENGTH; k++)
			end[k] = letters[random[k] % (sizeof(letters) - 1)];
		if (mkdirat(above, name, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Is no directory that is made in `above` private, as on vfat and some shares? */
static bool is_open_to_all(int above)
{
	char name[] = ".qopen-" UNIQUE;
	struct stat status;
	bool open = false;

	if (make_unique(above, name) < 0)
		return false;
	if (fstatat(above, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		open = status.st_uid != geteuid() || status.st_mode & 077;
	unlinkat(above, name, AT_REMOVEDIR);
	return open;
}

/*
 * Open the directory that was just made. -EPERM: something else was put in its place. -EOPNOTSUPP:
 * nothing there can be private.
 */
static int open_made(int above, const char *name)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(above, name, flags), r = 0;
	struct stat status;

	/* A umask can keep even its owner out. */
	if (fd < 0 && errno == EACCES && fchmodat(above, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(above, name, flags);
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (status.st_uid != geteuid() || status.st_mode & 077)
		r = is_open_to_all(above) ? -EOPNOTSUPP : -EPERM;
	/* Whatever the umask and an inherited access list make of it. */
	else if ((status.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	else
		fremovexattr(fd, "system.posix_acl_default");
	return r < 0 ? r : fd;
}

/* Make it in `workdir->above`, whose path is `above`. */
static int make(struct workdir *workdir, const char *above, const char *from, const char *name)
{
	int n = snprintf(workdir->directory, sizeof(workdir->directory), "%s/qopen-%s%s%s",
			 strcmp(above, "/") == 0 ? "" : above, from ? from : "", from ? "-" : "",
			 UNIQUE),
	    r;

	if ((size_t)n + 1 + strlen(name) >= sizeof(workdir->path))
		return -ENAMETOOLONG;
	workdir->base = strrchr(workdir->directory, '/') + 1;
	r = make_unique(workdir->above, workdir->base);
	if (r < 0)
		return r;
	r = open_made(workdir->above, workdir->base);
	if (r < 0) {
		unlinkat(workdir->above, workdir->base, AT_REMOVEDIR);
		return r;
	}
	workdir->dir = r;
	snprintf(workdir->path, sizeof(workdir->path), "%.*s/%s", n, workdir->directory, name);
	workdir->name = workdir->path + n + 1;
	return 0;
}

int workdir_make(struct workdir *workdir, const char *directory, const char *from, const char *name)
{
	char above[PATH_MAX];
	int r;

	workdir->dir = -1;
	workdir->above = openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (workdir->above < 0 && errno == EACCES) /* to be searched is enough */
		workdir->above = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (workdir->above < 0)
		return -errno;
	r = path_of(workdir->above, directory, above);
	if (r == 0)
		r = make(workdir, above, from, name);
	if (r < 0)
		close(workdir->above);
	return r;
}

int workdir_create(const struct workdir *workdir, bool view_only)
{
	mode_t mode = view_only ? 0400 : 0600;
	int fd = openat(workdir->dir, workdir->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	/*
	 * The umask or a default ACL may have changed the mode. Where no other one can be had, it
	 * must do: the directory is private.
	 */
	if (fd >= 0 && fchmod(fd, mode) < 0 && errno != EPERM) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd < 0 ? -errno : fd;
}

static unsigned opened;

unsigned workdir_opened(void)
{
	return opened;
}

int workdir_open(const struct workdir *workdir, struct stat *status)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(workdir->dir, workdir->name, flags), r = -ENOENT;

	/* A program may have taken our permission to read. The file is ours: give it back. */
	if (fd < 0 && errno == EACCES &&
	    fchmodat(workdir->dir, workdir->name, 0600, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(workdir->dir, workdir->name, flags);
	if (fd < 0) /* ELOOP: a link. ENXIO: a socket, or a device without a driver */
		return errno == ELOOP || errno == ENXIO ? -ENOENT : -errno;
	opened++;
	if (fstat(fd, status) < 0)
		r = -errno;
	else if (S_ISREG(status->st_mode))
		return fd;
	close(fd);
	return r;
}

void workdir_permit(const struct workdir *workdir)
{
	struct stat status;

	if (fstatat(workdir->dir, workdir->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & S_IRUSR) &&
	    geteuid() != 0)
		(void)!fchmodat(workdir->dir, workdir->name, 0600, AT_SYMLINK_NOFOLLOW);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int workdir_follow_move(struct workdir *workdir)
{
	char link[32], path[PATH_MAX], whole[PATH_MAX], *slash;
	struct stat ours, there;
	ssize_t n;
	int above;

	if (fstat(workdir->dir, &ours) < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", workdir->dir);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	slash = strrchr(path, '/');
	/* The kernel also names what was removed, or is nowhere in our sight. */
	if (!slash || lstat(path, &there) < 0 || !same_file(&ours, &there))
		return -ENOENT;
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", path, workdir->name) >= sizeof(whole))
		return -ENAMETOOLONG;
	*slash = '\0';
	above = openat(AT_FDCWD, slash == path ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (above < 0)
		return -errno;
	*slash = '/';
	close(workdir->above);
	workdir->above = above;
	strcpy(workdir->directory, path);
	workdir->base = strrchr(workdir->directory, '/') + 1;
	strcpy(workdir->path, whole);
	workdir->name = strrchr(workdir->path, '/') + 1;
	return 0;
}

int workdir_follow(struct workdir *workdir)
{
	struct stat ours, there;
	int fd;

	if (fstat(workdir->dir, &ours) < 0 ||
	    fstatat(workdir->above, workdir->base, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (same_file(&ours, &there))
		return 0;
	fd = openat(workdir->above, workdir->base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &there) < 0 || there.st_uid != geteuid() || fchmod(fd, 0700) < 0) {
		close(fd);
		return -EPERM;
	}
	close(workdir->dir);
	workdir->dir = fd;
	return 1;
}

struct mark mark_of(const struct stat *status)
{
	return (struct mark){
		.there = true,
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.written = status->st_mtim,
		.changed = status->st_ctim,
	};
}

struct mark workdir_look(const struct workdir *workdir, const char *name)
{
	struct stat status;

	if (fstatat(workdir->dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(status.st_mode))
		return (struct mark){.there = false};
	return mark_of(&status);
}

bool workdir_is_other(const struct workdir *workdir)
{
	struct stat status;

	/* An application may have taken our permission to look. */
	fchmod(workdir->dir, 0700);
	if (fstatat(workdir->dir, workdir->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT;
	return S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool mark_same(const struct mark *a, const struct mark *b)
{
	return a->there == b->there && a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && same_time(&a->written, &b->written) &&
	       same_time(&a->changed, &b->changed);
}

int workdir_remove(struct workdir *workdir)
{
	int r = 0;

	if (workdir->dir < 0)
		return 0;
	for (int i = 0; i < REMOVE_TRIES; i++) {
		fchmod(workdir->dir, 0700);
		r = remove_contents(workdir->dir);
		if (r == 0 && unlinkat(workdir->above, workdir->base, AT_REMOVEDIR) < 0)
			r = -errno;
		if (r != -ENOENT && r != -ENOTEMPTY && r != -EEXIST)
			break;
	}
	/* Somebody else has removed it. */
	if (r == -ENOENT && faccessat(workdir->above, workdir->base, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = 0;
	close(workdir->above);
	close(workdir->dir);
	workdir->dir = -1;
	return r;
}
