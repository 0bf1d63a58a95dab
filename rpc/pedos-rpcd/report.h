/*
 * What the processes of calls tell the daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_REPORT_H
#define RPCD_REPORT_H
#include "refusals.h"

#include <stdbool.h>
#include <sys/types.h>

enum report_kind {
	REPORT_LET_IN, /* the verdict is there, and lets the call in */
	REPORT_REFUSED /* it was refused; `text` says who, what and why */
};

struct report {
	enum report_kind kind;
	unsigned origin;
	pid_t pid;
	char text[REFUSALS_TEXT];
};

/* fds[0] is the daemon's, fds[1] that of the calls. 0 or a negative errno. */
int report_open(int fds[2]);
/* In a call's process. */
void report_say(int fd, enum report_kind kind, unsigned origin, const char *text);
/* In the daemon: the next one. False: there is none now. */
bool report_next(int fd, struct report *report);

#endif
