/*
 * What happened to the file, in words: what, where, and what to do. Names are shown sanitised.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "open/opener/opener.h"
#include <qfile.h>

/* What words are about. */
struct explain {
	const char *file; /* as the user named it */
	const char *vm;   /* the other VM */
	bool verbose;
};

/* Nothing was sent: the file cannot be opened, or something that is needed is not to be had. */
void explain_refusal(const char *file, const struct qfile_error *error);
/* What is to be known before one edits: enum opener_note bits. */
void explain_notes(const struct explain *about, unsigned notes);
/* A save came back. `step`: SAVED, KEPT, DROPPED or DAMAGED. */
void explain_save(const struct explain *about, enum opener_step step,
		  const struct opener_event *event, const struct qfile_error *error);
/* The other side has ended, with success or without. */
void explain_done(const struct explain *about, const struct opener_event *event);
/*
 * Sending, or reading the reply, failed with `code`. `event`: the last of the saves, or its number
 * 0.
 */
void explain_failure(const struct explain *about, int code, const struct opener_event *event,
		     const struct qfile_error *error);
/* The last save that came was damaged, and no other followed. */
void explain_damaged(const struct explain *about, unsigned save);

#endif
