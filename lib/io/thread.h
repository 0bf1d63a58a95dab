/*
 * Threads that run beside a program's own work until the process ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef THREAD_H
#define THREAD_H
#include <stdbool.h>

/*
 * Start a detached thread with a small stack (64 KiB at least are its own) and all signals blocked:
 * they are the caller's. False: the system has no room for one.
 */
bool thread_start(void *(*run)(void *argument), void *argument);

#endif
