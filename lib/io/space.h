/* Is there room on a disk? */
#ifndef SPACE_H
#define SPACE_H
#include <stdint.h>

/*
 * Has the file system that `fd` is on room for so many bytes? -ENOSPC: it has not. What fits into
 * one buffer of a stream finds out by itself just as early, and is not asked for. Nothing is
 * reserved: that would go over all the memory of a large file once more.
 */
int space_check(int fd, uint64_t bytes);

#endif
