/*
 * Does any process have the file in use? /proc tells, for processes of the same user.
 *
 * A process has a file in use if it has the file open or mapped, or has an inotify watch on it. An
 * application with several documents in one process reads a file and closes it, but watches it, or
 * its directory, as long as the document is open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IN_USE_H
#define IN_USE_H
#include "open/editor/workdir.h"

#include <sys/types.h>

/*
 * Does any process but our own have the file in use, or anything else in the working directory, or
 * the directory itself (also as its current directory)? What cannot be found out counts as no.
 * *last is the process that was found last, which is checked first; 0: none.
 */
bool in_use(pid_t *last, const struct workdir *workdir);

#endif
