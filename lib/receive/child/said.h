/*
 * What the confined child writes to stderr. An honest one writes nothing, but a library of its own
 * may, before it aborts; and one that was taken over may write anything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAID_H
#define SAID_H
#include <qfile.h>

struct said {
	int fd; /* the monitor's end of the pipe; -1: no more is listened to */
	size_t used;
	char untrusted[QFILE_SAID_SIZE - 1];
};

/* Make the pipe. Returns the child's end of it, or a negative errno. */
int said_open(struct said *said);
/* Read what is there, without waiting. When it is as much as is kept, the pipe is closed. */
void said_listen(struct said *said);
/* The child has ended: read the rest, close the pipe, and make one printable line of it all. */
void said_close(struct said *said, char text[QFILE_SAID_SIZE]);

#endif
