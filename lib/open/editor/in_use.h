/*
 * Who has the file in use? Nobody tells; /proc does, of those processes that we may look into: our
 * user's own.
 *
 * In use is what a process has open, mapped or as its working directory, and what it has an inotify
 * watch on: an application with several documents in one process reads a file and closes it, but
 * watches it, or its directory, as long as the document is open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IN_USE_H
#define IN_USE_H
#include "open/editor/workdir.h"

#include <sys/types.h>

/*
 * Does any process but our own have the file in use, or anything else in the directory, or that
 * itself? What cannot be found out counts as no. *last: who had it last, the first to be looked at
 * next time; 0: nobody yet.
 */
bool in_use(pid_t *last, const struct workdir *workdir);

#endif
