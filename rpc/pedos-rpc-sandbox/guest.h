/*
 * The sandbox of a service: what is inside, and its command.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef GUEST_H
#define GUEST_H
#include "display.h"
#include "network.h"
#include "template.h"

struct guest {
	const char *bubblewrap;
	int filter;
	const struct template *template;
	const char *program;           /* of the service */
	const char *service;           /* SERVICE[+ARGUMENT] */
	const struct display *display; /* NULL: it has none */
	struct network *network;       /* NULL: it has none */
	struct process process;
	int up; /* readable when the service begins, or the sandbox has ended before */
};

/*
 * Start it, with these as stdin, stdout and stderr, which are pipes. 0, or a negative errno:
 * `failure` says what is wrong and what to do.
 */
int guest_start(struct guest *guest, const int fds[3], char *failure, size_t size);

/* `up` is readable: does the service begin? */
bool guest_is_up(struct guest *guest);

#endif
