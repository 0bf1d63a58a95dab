/*
 * What the disk refuses, in the format's words. Some errnos of a disk mean something else in the
 * format, where they are the sender's fault: none of those may come of a disk.
 *
 * Each function takes the positive errno of a call, and returns a negative errno for the result, or
 * 0 where the refusal costs nothing that is promised.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DISK_H
#define DISK_H
#include <stdbool.h>

/*
 * An entry could not be made in the directory that is open as `dir`. `folds`: the disk takes
 * different names for one.
 */
int disk_entry_refused(int dir, bool folds, int error);
/* Content could not be written. */
int disk_content_refused(int error);
/* Times, or a mode, could not be set. 0: the disk keeps none of that kind. */
int disk_times_refused(int error);
int disk_mode_refused(int error);
/* A file could not be synced. 0: there is no such call, so that the one for the disk has to do. */
int disk_sync_refused(int error);
/* A file could not be made longer. 0: the disk wants to be given what it holds. */
int disk_growing_refused(int error);

/* ---- The calls themselves, where they are the same for all ---- */

/* fsync(2). *unsynced becomes true where there is no such call. */
int disk_sync(int fd, bool *unsynced);
/* close(2). Some file systems say only here that they have lost something. */
int disk_close(int fd);
/* The first, if `sync`, and the second in any case. */
int disk_end(int fd, bool sync, bool *unsynced);

#endif
