/*
 * Making and reading directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IO_DIRECTORY_H
#define IO_DIRECTORY_H
#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * Make the directory `name` in `dir` with this mode, whatever the umask, a default ACL or a
 * set-group-ID bit of `dir` would make of it. Returns a descriptor of it. After a failure there is
 * no new directory.
 */
int directory_make(int dir, const char *name, mode_t mode);

/*
 * The same, also where the file system has modes or owners of its own, which nobody can change:
 * those of vfat, of shares and of some mounts in user space. There the directory is as open as they
 * make it, which is as open as everything else there is. -EPERM: it is not ours, since somebody has
 * replaced it.
 */
int directory_make_anywhere(int dir, const char *name, mode_t mode);

/*
 * Does a directory belong to whom we make: to us, or, where the file system gives everything an
 * owner of its own, to that one? Then it makes a file in it, for a moment.
 */
bool directory_is_ours(int fd);

/*
 * Read the directory that is open as `fd`. `fd` is closed together with the stream. On failure it
 * is closed too, and NULL is returned with errno set. With `fd` -1, which is what a failed open()
 * returns, errno stays as it is.
 */
DIR *directory_read(int fd);

/* Is this entry the directory itself, or the one above it? */
static inline bool is_dot_or_dot_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

#endif
