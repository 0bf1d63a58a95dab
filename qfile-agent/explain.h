/*
 * Words: how a transfer has ended, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "cli/calling.h"
#include "cli/via.h"
#include "listed.h"

#include <qfile.h>
#include <stdbool.h>

/* How it has ended, for people and for programs. */
struct ending {
	/*
	 * "copied"; "failed": nothing was copied; "stopped": the same, because the user wanted it;
	 * "damaged": what arrived is not what was sent; "unknown": look there.
	 */
	const char *outcome;
	uint32_t code;    /* an errno, or the receiver's code; 0 */
	const char *help; /* the option that helps, without its dashes; or NULL */
	const char *entry;
	size_t entry_length;
	char message[1024]; /* one line, sanitised */
};

/* What is known of a transfer that failed. */
struct explain {
	const struct calling_options *calling;
	const char *to;            /* as in struct report */
	const struct via_end *end; /* how the command to the receiver ended; NULL: there is none */
	bool ended;                /* as qfile_sender_ended() */
	bool closed;               /* for -ECANCELED: the progress was closed, no signal came */
	const struct qfile_error *error;
	const struct qfile_result *result; /* for -EREMOTEIO */
};

/*
 * The transfer failed with `code`, a negative errno of qfile_sender_step() or
 * qfile_sender_finish(). *ending points into *about->error or *about->result.
 */
void explain_failure(const struct explain *about, int code, struct ending *ending);

/*
 * Write words about the receiver to `filled`: <side> in them becomes `to`, and <place> becomes
 * where it delivers; as far as that is known.
 */
void explain_fill(const char *words, const char *to, char *filled, size_t size);

/* For explain_fill(), where it is not known what has arrived. */
#define EXPLAIN_LOOK      "Look in <place> whether it has arrived"
#define EXPLAIN_LOOK_SIZE 232

/* What is said of an entry with a time that the format cannot express, and of one that is kept. */
#define EXPLAIN_TIME "its own is before 1970 or after 2106, so it is the nearest possible one"
#define EXPLAIN_TIME_KEPT                                                                   \
	"its time is before 1970 or after 2106, and cannot be sent; --any-time removes it " \
	"nevertheless"

/*
 * If the step of a sender tells that the entry called `name` was left out because of what it is, or
 * of what happened to it, add it to the list.
 */
void explain_left_out(struct listed *left_out, int step, const char *name);

/* Why an entry that is there cannot be read. `code` is an errno. Returns `text` or a constant. */
const char *explain_why_unreadable(int code, char *text, size_t size);

/* Add to the list an entry that cannot be read, because of `code`, an errno. */
void explain_unreadable(struct listed *listed, const char *name, int code);

/* Add to the list an entry whose name or target a receiver would refuse, because of `code`. */
void explain_refusable(struct listed *listed, const char *name, int code);

/* Add to the list an entry that was kept after it had been sent. */
void explain_kept(struct listed *kept, const struct qfile_error *entry);

#endif
