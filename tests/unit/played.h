/*
 * Time that is played: it passes when a script asks for it, and nobody has to be quicker than a
 * clock.
 *
 * Two fifos lead to the script, which writes how many milliseconds are to pass, a line, and reads
 * an empty line when they have. They begin when this process has taken in all that has happened
 * before, and waits; the line comes when it has done all that these milliseconds bring, and waits
 * again. 0 only waits for that. As long as somebody has the first fifo open for writing, no other
 * time passes; when nobody has any more, nobody is there who could be too slow, and waiting takes
 * no time at all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PLAYED_H
#define PLAYED_H
#include <poll.h>
#include <stdbool.h>
#include <time.h>

/*
 * From here on the time of this process is played, as the library sees it in poll(2) and on
 * CLOCK_MONOTONIC, which faults.c leads through here.
 */
void played_begin(const char *requests, const char *replies);
/* The same without a script: it stands still until so many milliseconds pass. */
void played_pass(int milliseconds);
bool played(void);

void played_now(struct timespec *now);
int played_poll(struct pollfd *pollfds, nfds_t count, int timeout);

#endif
