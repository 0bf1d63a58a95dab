/*
 * The processes that a command has started, and those that these have started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_DESCENDANTS_H
#define CLI_DESCENDANTS_H
#include <sys/types.h>

/*
 * From now on this process adopts what its descendants leave behind when they end. The children
 * that it has already, from whoever was in this process before, stay out of all this. Best effort:
 * a kernel that cannot do it has a function less.
 */
void descendants_adopt(void);

/*
 * End the child `pid`, then what it and its children leave behind in our session: by SIGTERM, and
 * by SIGKILL what is left after `timeout` milliseconds. All but `pid` are waited for.
 */
void descendants_end(pid_t pid, int timeout);

#endif
