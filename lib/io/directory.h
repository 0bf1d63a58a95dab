/*
 * Reading and making directories.
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
 * Read the directory that is open as `fd`. `fd` is closed together with the stream. On failure it
 * is closed too, and NULL is returned with errno set. With `fd` -1, which is what a failed open()
 * returns, errno stays as it is.
 */
DIR *directory_read(int fd);

/*
 * Make the directory `name` in `dir`, with just this mode whatever the umask and the directory
 * above say, and open it, no link followed. Returns the descriptor. -EEXIST: there is one.
 */
int directory_make(int dir, const char *name, mode_t mode);

/* Is this entry the directory itself, or the one above it? */
static inline bool is_dot_or_dot_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

#endif
