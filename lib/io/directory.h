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
 * Read the directory that is open as `fd`, which is closed with the stream, and on failure. NULL
 * and errno on failure; that of opening it where `fd` is -1.
 */
DIR *directory_read(int fd);

#endif
