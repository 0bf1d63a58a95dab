/*
 * Saves: what the user saves is noticed, and sent to the opener once it is complete.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVES_H
#define SAVES_H
#include "open/editor/reply.h"
#include "open/editor/watch.h"
#include "open/editor/workdir.h"

struct saves {
	const struct workdir *workdir;
	struct reply *reply;
	bool view_only; /* nothing goes back */
	struct watch watch;
};

/* Begin to watch. The rest of `saves` is set by the caller. Returns 0 or a negative errno. */
int saves_open(struct saves *saves);
void saves_close(struct saves *saves);
/* Milliseconds until saves_attend() has something to do without events; -1: never. */
int saves_timeout(const struct saves *saves);
/*
 * Look at what has happened, and send what is complete. Does not wait for the user, only for the
 * opener to take it. A failure to read the file is no failure here, since it may be over at the
 * end; otherwise the negative errno of watching or sending.
 */
int saves_attend(struct saves *saves);
/* Is there a save that is about to be complete, so that it is sent within a second or so? */
bool saves_pending(const struct saves *saves);
/*
 * Send what has not been sent yet, at the end. `over`: nobody writes to the file any more, so that
 * it is complete, however recent it is. Otherwise what is not complete is not sent: a half-written
 * save must not replace the original. -ESTALE: it is written to all the time. Otherwise as
 * reply_save().
 */
int saves_send_last(struct saves *saves, bool over);

#endif
