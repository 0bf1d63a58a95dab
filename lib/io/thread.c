/*
 * Threads that run beside a program's own work until the process ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

/*
 * They only make a few system calls. But no C library starts a thread with less than it has set for
 * a machine, which is 128 KiB on ARM, and a guard page, of 64 KiB on some, takes its part.
 */
#define STACK_SIZE ((size_t)256 << 10)

bool thread_start(void *(*run)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
		  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
		  pthread_create(&thread, &attributes, run, argument) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}
