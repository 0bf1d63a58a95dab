/*
 * Is there room on a disk?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SPACE_H
#define SPACE_H
#include <stdint.h>

/*
 * How many bytes are free for this user on the file system that `fd` is on? UINT64_MAX where it
 * does not say. Else the errno of asking it.
 */
int space_left(int fd, uint64_t *bytes);

/*
 * Has that file system room for so many bytes? -ENOSPC: it has not. Files that fit in one stream
 * buffer are not checked: writing them fails just as early. Nothing is reserved: that would write
 * all blocks of a large file twice.
 */
int space_check(int fd, uint64_t bytes);

#endif
