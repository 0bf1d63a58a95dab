/*
 * The screen of a sandbox: an X server of its own, which is a window of the user's, and is in a
 * sandbox itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DISPLAY_H
#define DISPLAY_H
#include "process.h"
#include "template.h"

#include <stdbool.h>

struct display {
	struct process process;
	int ready;                  /* readable when the server is ready, or has ended */
	int log;                    /* what it says */
	char socket[PATH_MAX + 32]; /* in a directory for nobody else */
};

/*
 * Begin to start it, with this title. 0, or a negative errno: `failure` says what is wrong and what
 * to do. In both cases display_end() is to be called.
 */
int display_begin(struct display *display, const char *bubblewrap, int filter,
		  const struct template *template, const char *title, char *failure, size_t size);

/* `ready` is readable: is the server there? If not, `failure` says what it has said. */
bool display_is_ready(struct display *display, char *failure, size_t size);

/* A sandbox has the socket now: nobody else needs its name. */
void display_hide(void);

/* Has it ended? Then `failure` says what it has said. */
bool display_has_ended(struct display *display, char *failure, size_t size);

/* End the server, if it runs, and remove what is left of it. */
void display_end(struct display *display);

#endif
