/*
 * A directory for what an input makes, and beside it and above it what no input may touch.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SCRATCH_H
#define SCRATCH_H
#include <sys/stat.h>

/*
 * An open, empty directory. It is made by the first call, in $TMPDIR or else /dev/shm, and removed
 * when the process exits.
 */
int scratch_root(void);

/* One entry: its path below the root, the directory that it lies in and its name there. */
typedef void scratch_visit(const char *path, int dir, const char *name, const struct stat *status);

/*
 * Call `visit` for everything below the root, a directory before what it holds. A directory that
 * cannot be entered is opened up once it was visited.
 */
void scratch_walk(scratch_visit *visit);
/* Remove everything below the root, once it was visited. */
void scratch_empty(void);

/* What lies beside the root, and the directories above it, are what they were at the beginning. */
void scratch_check_outside(void);

#endif
