/*
 * Reading directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IO_DIRECTORY_H
#define IO_DIRECTORY_H
#include <dirent.h>

/*
 * Read the directory that is open as `fd`. `fd` is closed together with the stream. On failure it
 * is closed too, and NULL is returned with errno set. With `fd` -1, which is what a failed open()
 * returns, errno stays as it is.
 */
DIR *directory_read(int fd);

#endif
