/*
 * Who is told what of a delivery.
 *
 * The sender gets the result, and tells its own user: what that says is not said here again. What
 * concerns only this side goes to the log of this machine. stderr may lead to the sender's
 * terminal: there, the reason is said only if --verbose asks for it, if stderr is a terminal here,
 * or if there is no log and it is no sign of an attack. A sender that could not be sent a result
 * may read on stderr that there was such a thing, unless it has ended the stream itself. The
 * desktop of the receiving user, if there is one, is told what was refused, and shows it in its own
 * words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TELL_H
#define TELL_H
#include <qfile.h>

/* Whom to tell. */
struct audience {
	const char *source; /* the sender's name; NULL: not known */
	bool verbose;
	bool desktop; /* it arrives where the user's desktop looks for it */
};

/* The delivery failed with *error. `told`: the code that the sender has been told, or -1. */
void tell_failure(const struct audience *audience, const struct qfile_error *error, int told);
/* All is well: how much has arrived. */
void tell_success(const struct audience *audience, const struct qfile_receive_outcome *outcome);
/* What was left could not be removed. */
void tell_left(const struct audience *audience);
/* What the unpacking process wrote to stderr, which may be the sender's words. It should be silent.
 */
void tell_what_child_said(const struct audience *audience, const char *said);
/* Which layers of the confinement were in force. */
void tell_layers(unsigned layers);

#endif
