/*
 * Telling a user's desktop that a delivery to them was refused, and why. It is one datagram to a
 * socket in the directory of their session, which only they can write to: qfile-notify has it
 * there. The log of the machine cannot serve for that, since users may not read it, and has nothing
 * of what the sender did wrong.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_REFUSAL_H
#define SYSTEM_REFUSAL_H
#include <stdbool.h>
#include <stdint.h>

#define REFUSAL_SOURCE_SIZE 64
#define REFUSAL_NAME_SIZE   256

enum {
	REFUSAL_OURS = 1 << 0,   /* it concerns this side: what could not be done here */
	REFUSAL_ALARM = 1 << 1,  /* and is a sign of an attack */
	REFUSAL_LOGGED = 1 << 2, /* the log of this machine has more of it */
};

struct refusal {
	uint32_t code;                    /* a positive errno, or QFILE_ETRUNCATED */
	uint32_t flags;                   /* REFUSAL_* */
	char source[REFUSAL_SOURCE_SIZE]; /* the sending VM, NUL-terminated */
	char name[REFUSAL_NAME_SIZE];     /* the entry at fault, NUL-terminated; empty: none */
};

/*
 * Tell the desktop of the user who runs this process. Nothing waits, and nothing is kept for a
 * desktop that comes later. Returns whether there was one to take it.
 */
bool refusal_tell(const struct refusal *refusal);

/*
 * The other end: make the socket, in place of one that an earlier process left, and return its
 * descriptor, which does not block. -ENOENT: there is no directory of a session.
 */
int refusal_open(void);
/*
 * Take the next one. What other users, or other versions, have sent is dropped. Returns 1, 0 when
 * there is none, or a negative errno.
 */
int refusal_take(int fd, struct refusal *untrusted);

#endif
