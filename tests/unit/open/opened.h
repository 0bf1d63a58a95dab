/*
 * A file that is opened in another VM, and what the editor there says, which is made up here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPENED_H
#define OPENED_H
#include "open/editwire.h"
#include "open/opener/opener.h"
#include "unit.h"

struct opened {
	struct opener_options options; /* from "work", keeping in "private" */
	struct opener *opener;
	struct opener_event event;
	struct qfile_error error;
	int out; /* where what was sent can be read */
	int in;  /* where the reply is written; -1: closed */
};

void opened_init(struct opened *opened);
/* Open `path` and send all of it; small as it is, it lies in the pipe then. */
void opened_begin(struct opened *opened, const char *path);
/* The same with what was set in opened->options before. */
void opened_begin_as_set(struct opened *opened, const char *path);
/* Free the opener and close everything. */
void opened_end(struct opened *opened);

/* The digest of a content. */
uint64_t digest_of(const char *content);

/* What the editor says, as far as it fits into a pipe. */
void feed_bytes(struct opened *opened, const void *bytes, size_t size);
void feed_header(struct opened *opened, enum edit_kind kind, uint32_t code, uint64_t length);
void feed_save(struct opened *opened, const char *content);
void feed_damaged(struct opened *opened, const char *content);
void feed_note(struct opened *opened, const char *message);
void feed_done(struct opened *opened, uint32_t code, const char *message);
/* It closes the connection. */
void feed_end(struct opened *opened);

/* What opener_step() returns next, OPENER_PART passed over. */
int opened_next(struct opened *opened);

/* These end the test that they are called in when something else comes next. */
void next_saved(struct opened *opened);
void next_kept(struct opened *opened, int code, const char *content);
void next_done(struct opened *opened, unsigned saves);
void next_fails(struct opened *opened, int error);

/*
 * The event's path, which is absolute and below where we are, relative to that: as a plain user we
 * may not pass what is above.
 */
const char *event_path(const struct opened *opened);

/* A file that nobody has written to lately: from here on the clock is some seconds ahead. */
void make_old_file(const char *path, const char *content);
/* Is there a name in `path` that begins with `prefix`? */
bool has_name(const char *path, const char *prefix);

/* A content of that size in which no two pages are alike, NUL-terminated, to be freed. */
char *pattern_of(size_t size);

#endif
