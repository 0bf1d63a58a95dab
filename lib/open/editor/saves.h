/*
 * Saves: what the user saves is noticed, and sent to the opener once it is complete.
 *
 * A state is taken from what is there, not from the events that were seen: what stands under the
 * file's name is compared with what the opener was last sent, after each event, and every second.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVES_H
#define SAVES_H
#include "open/editor/beside.h"
#include "open/editor/complete.h"
#include "open/editor/reply.h"
#include "open/editor/watch.h"
#include "open/editor/workdir.h"

struct saves {
	struct workdir *workdir;
	struct reply *reply;
	bool view_only; /* nothing goes back */
	bool beside;    /* the opener takes what is saved beside the file */
	struct watch watch;
	int64_t missing; /* since when the directory is not in its place; 0: it is there */
	/* There is no inotify, so what the watch says is not known. */
	bool blind;

	struct mark sent;    /* the file when its content was last sent, or received */
	struct writers held; /* who had it open for writing then, or opened it after that */
	struct mark seen;    /* at the last look */
	int64_t changed;     /* when it was last seen to change, as clock_now() */
	int64_t since;       /* since when it has been pending */
	int64_t tried;       /* when it was last tried to send it between two changes */
	int64_t due;         /* when to look next, */
	int64_t judge;       /* and when to judge it next, if it is pending */
	bool pending;        /* it has changed since it was sent */
	bool written;        /* it was written to, or something took its place, since then */
	bool shrunk;         /* it has been smaller than it was then */
	/* Its content at an earlier look since it changed, where somebody has it open. */
	struct content looked;
	int64_t looked_at; /* 0: there was none */
	int64_t again;     /* when to look again who holds it; 0: not before somebody opens it */
	int64_t compared;  /* when it was last compared because somebody has it mapped */
	int64_t full; /* when the disk was last seen full while something was written; 0: never */
	int64_t died; /* when saves_writer_died() was called last; 0: never */
	struct writers authors; /* who is writing to it now */
	struct writers mapped;  /* who had it mapped, and others, when it had changed already */
	int64_t searched;       /* when to look for them next */
	/* What became of them when they had closed it, at this `closed_at` of the watch. */
	enum process_state closed_by;
	int64_t judged_at;
	/* A child was waited for since the last look: how it ended is known from that. */
	bool waited;
	struct beside *others;
	/* If not NULL, it is called just before and after this opens the file, to read events. */
	void (*read_events)(void *observer);
	void *observer;
};

/* Begin to watch. The rest of `saves` is set by the caller. Returns 0 or a negative errno. */
int saves_open(struct saves *saves);
void saves_close(struct saves *saves);
/* Milliseconds until saves_attend() has something to do without events; -1: never. */
int saves_timeout(const struct saves *saves);
/*
 * Look at what has happened, and send what is complete. Does not wait for the user, only for the
 * opener to take it. A failure to read the file is no failure here, since it may be over at the
 * end; otherwise the negative errno of sending.
 */
int saves_attend(struct saves *saves);
/*
 * Send what has not been sent yet, at the end. `over`: nobody writes to the file any more, so that
 * it is complete, however recent it is. Otherwise what is being written is not sent: a half-written
 * save must not replace the original. -ESTALE: it is written to all the time. Otherwise as
 * reply_save().
 */
int saves_send_last(struct saves *saves, bool over);

/* Is there something that was saved, or is being written, and was not sent yet? */
bool saves_pending(const struct saves *saves);
/* Has anybody the file open for writing? False where that cannot be told without a search. */
bool saves_open_elsewhere(struct saves *saves);
/* Is the directory not in its place, and it is not known yet whether it was moved or removed? */
bool saves_may_move(const struct saves *saves);
/*
 * The handler has failed; or a process that it had started was ended by a signal, or a shell says
 * so of one that it had started (a status above 128). If it had the file open for writing, what it
 * has left may be a part. To be called when the process has been waited for, before saves_attend()
 * or saves_send_last().
 */
void saves_writer_died(struct saves *saves);
/*
 * How many files were saved beside the file and are not with the opener, as they are now? Also
 * counts directories that have files. The name of the first one, as it is called, goes to `name`.
 * To be called after saves_send_last(), before saves_close().
 */
unsigned saves_left_beside(struct saves *saves, char name[NAME_MAX + 1]);

#endif
