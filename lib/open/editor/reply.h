/*
 * The editor's reply: saves of the file, as they are saved, and how it ended. qfile(5)
 * describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPLY_H
#define REPLY_H
#include "io/stream.h"
#include "open/content.h"

struct reply {
	struct stream_writer *stream;
	bool records; /* the opener speaks version 2 */
	/* Nothing more can follow: the end was told, or the connection is lost. */
	bool ended;
	struct content last; /* what the opener has, */
	bool sure;           /* and there is no doubt of it */
	unsigned saves;      /* saves that were sent whole */
};

/*
 * Send what the file that is open as `fd` holds, unless the opener has it. `status`: what fstat()
 * says of it. Returns 1 when it was sent, 0 when there was no need to. -EAGAIN: it was written to
 * meanwhile, and has to be looked at again. -ECONNRESET: the opener has gone. -ENOTSUP: it is
 * empty, which cannot be said under version 1. Else the errno of reading it. Under version 1,
 * nothing can follow.
 */
int reply_save(struct reply *reply, int fd, const struct stat *status);
/* Tell the end, as editor_done(). */
int reply_done(struct reply *reply, int code, const char *message);
/*
 * The caller is to stop: `stop` counts no longer, but an opener that takes nothing for a few
 * seconds is one that has gone.
 */
void reply_hurry(struct reply *reply);

#endif
