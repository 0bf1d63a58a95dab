/*
 * The editor's reply: the saves of the file, as they are made, and how the session ended. qfile(5)
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
	/* Nothing more can be sent: the end was sent, or the connection is lost. */
	bool ended;
	struct content last; /* the content that was received or sent last */
	bool sure;           /* the opener certainly has that content */
	unsigned saves;      /* how many saves were sent whole */
	/* If not NULL, it is called now and then while a content is sent. */
	void (*meanwhile)(void *observer);
	void *observer;
};

/*
 * Send the content of the file that is open as `fd`. `status` is what fstat() says of it. `code`:
 * 0, or the errno that says why the content may be damaged. `again`: send it also where the opener
 * has the same content already, since only the opener knows what it could store; not in version 1,
 * where that would read as a change, and where nothing can follow. Returns 1 if it was sent, 0 if
 * that was not necessary. -EAGAIN: the file was written to meanwhile: try again. -ECONNRESET: the
 * opener has gone. -ENOTSUP: the file is empty, which version 1 cannot express. Otherwise the errno
 * of reading it.
 */
int reply_save(struct reply *reply, int fd, const struct stat *status, int code, bool again);
/*
 * Send another file, which was saved as `name` beside the one that is edited. Only for openers that
 * take it. Returns 1, or as reply_save().
 */
int reply_beside(struct reply *reply, const char *name, int fd, const struct stat *status,
		 int code);
/* Send a note for the opener's user. Version 1: nothing. */
int reply_note(struct reply *reply, const char *message);
/* Send the end of the reply, as editor_done(). */
int reply_done(struct reply *reply, int code, const char *message);
/*
 * Prepare for stopping soon: ignore `stop` from now on, but give up if the opener takes nothing for
 * a few seconds.
 */
void reply_hurry(struct reply *reply);

#endif
