/*
 * Messages: what has happened to the file, and what to do. Names are sanitised.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "open/opener/opener.h"
#include <qfile.h>
#include <stdbool.h>

/* What the messages are about. */
struct explain {
	const char *file; /* as the user named it */
	const char *vm;   /* the other VM */
	bool quiet, verbose, view_only, in_place;
};

/* Nothing was sent, because the file cannot be opened. */
void explain_refusal(const char *file, const struct qfile_error *error);
/* The same, and the VM has the name of a file: the user may have named both the wrong way round. */
void explain_order(const char *vm, const char *file);
/*
 * Tell the user what they should know before they edit: enum opener_note bits, and where what the
 * file had before an unfinished save is.
 */
void explain_notes(const struct explain *about, unsigned notes, const char *unfinished);
/*
 * A save came back. `step`: SAVED, KEPT, DROPPED or DAMAGED. Returns whether there was something to
 * say.
 */
bool explain_save(const struct explain *about, enum opener_step step,
		  const struct opener_event *event, const struct qfile_error *error);
/* A file that was saved beside the file came. `step`: BESIDE or BESIDE_LOST. */
void explain_beside(const struct explain *about, enum opener_step step,
		    const struct opener_event *event, const struct qfile_error *error);
/* The user wants to stop, and what is under way is waited for. */
void explain_ending(const struct explain *about);
/* The session goes on, and the other side has something to say. */
void explain_note(const struct explain *about, const struct opener_event *event);
/* ssh, which leads to the other side, has failed before any save arrived. It has said why. */
void explain_ssh_failed(const struct explain *about);
/*
 * The number of the last save that arrived, after an end that was not a success; 0: none. `here`:
 * the file has it, and it is not doubtful.
 */
void explain_last(const struct explain *about, unsigned save, bool here);
/* The reply is complete: the other side has succeeded or failed. */
void explain_done(const struct explain *about, const struct opener_event *event);
/*
 * Sending, or reading the reply, failed with `code`. `event` has the number of the last save, or 0;
 * `here` as of explain_last().
 */
void explain_failure(const struct explain *about, int code, const struct opener_event *event,
		     const struct qfile_error *error, bool here);
/* The path of the file leads elsewhere now, and what was saved is in the file at `where`. */
void explain_moved(const struct explain *about, const char *where);
/* The last save that came was damaged, and no other followed. */
void explain_damaged(const struct explain *about, unsigned save);

#endif
