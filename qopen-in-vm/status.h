/*
 * How the session stands: a line on a terminal, objects for programs, and one summary at the end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STATUS_H
#define STATUS_H
#include "session.h"

/* How the session stands now: the file is open there, and so much was saved. */
void status_show(struct session *session);
/*
 * For programs: a note of the other side, a file that was saved beside the file, and where the last
 * save is if it has not simply replaced the file.
 */
void status_note(const struct session *session);
void status_beside(const struct session *session);
void status_kept(const struct session *session, enum opener_step step);
/*
 * The session is over, or has never begun. `result`: 0 or a negative errno of session_take(). Says
 * in a sentence what was saved, unless another message has said how it ended.
 */
void status_end(struct session *session, int result);

#endif
