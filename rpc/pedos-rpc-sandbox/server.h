/*
 * Which X server shows the screen of a sandbox, and its command.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SERVER_H
#define SERVER_H
#include "confine.h"
#include "template.h"

#include <stdbool.h>

/* Where the sockets of X servers are. */
#define SERVER_SOCKETS "/tmp/.X11-unix"

/* Has the user a screen? */
bool server_has_screen(void);

/* The number that the server is to have: another one than that of the server whose client it is. */
int server_number(void);

/*
 * Add the command of the server to `words`, as what runs in `confinement`, which gets what the
 * server needs of the user's screen, and is ended. Returns NULL, or what is wrong and what to do.
 */
const char *server_add(struct confinement *confinement, struct words *words,
		       const struct template *template, const char *title);

#endif
