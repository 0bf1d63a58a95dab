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
