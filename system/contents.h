/*
 * What is in a file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_CONTENTS_H
#define SYSTEM_CONTENTS_H
#include <sys/types.h>

/*
 * Read up to `size` bytes, fewer only where the file ends. Returns how many, or a negative errno.
 * As many as `size` say that there may be more.
 */
ssize_t contents_read(int fd, char *bytes, size_t size);

#endif
