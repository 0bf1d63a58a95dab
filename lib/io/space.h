/*
 * The free space of a disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SPACE_H
#define SPACE_H
#include <stdint.h>

/*
 * Find how many bytes are free for this user on the file system of `fd`: UINT64_MAX if the file
 * system does not say. Returns 0 or a negative errno.
 */
int space_left(int fd, uint64_t *bytes);

/*
 * A disk with less space than this is full: file systems may keep a remainder that no file gets.
 */
#define SPACE_FULL ((uint64_t)16 << 10)

/*
 * Check that the file system of `fd` has room for a file of this many bytes. -ENOSPC: it has not.
 * Files that fit in one stream buffer are not checked: writing them fails just as early. Nothing is
 * reserved: that would write all blocks of a large file twice.
 */
int space_check(int fd, uint64_t bytes);

#endif
