/*
 * What an application saves beside the file that is edited: under another name, in the same
 * directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef BESIDE_H
#define BESIDE_H
#include "open/editor/complete.h"
#include "open/editor/reply.h"
#include "open/editor/workdir.h"

/* Bounds of one session: names at the same time, files that are sent, and bytes of them. */
#define BESIDE_NAMES_MAX 100
#define BESIDE_SENT_MAX  1000
#define BESIDE_BYTES_MAX ((uint64_t)1 << 30)

struct beside_file {
	char name[NAME_MAX + 1]; /* "": this one is free */
	bool found;              /* by the last look at the directory */
	bool later;              /* BESIDE_LATER */
	bool sent;               /* what `mark` says of it */
	bool arrived;            /* `content` was sent */
	struct content content;
	struct mark mark; /* what was seen last */
	int64_t since;    /* when it changed last, as clock_now() */
	/* Its content at an earlier look since then, where somebody has it open. */
	struct content looked;
	int64_t looked_at; /* 0: there was none */
	int64_t next;      /* when to judge it next, as clock_now() */
};

struct beside {
	struct beside_file files[BESIDE_NAMES_MAX];
	/* What is left aside: files without a place in the table, and directories that have any. */
	unsigned others;
	char other[NAME_MAX + 1]; /* the first of those; a directory's name ends with '/' */
	bool over;                /* nobody has the file any more */
	unsigned sent;
	uint64_t bytes;
	int64_t next; /* when to look again, as clock_now() */
};

/* Does a user want to have what has this name? */
enum beside_want {
	BESIDE_JUNK,  /* a lock, swap or backup file, or the file itself */
	BESIDE_LATER, /* a temporary or hidden file, unless it is there in the end, and not empty */
	BESIDE_WANTED
};

/* `file`: the name of the file that is edited. */
enum beside_want beside_want(const char *name, const char *file);
/*
 * Look at the directory, and note what is there. Returns 0 or a negative errno; then what was noted
 * before stays.
 */
int beside_look(struct beside *beside, const struct workdir *workdir);
/*
 * Send what is new and has not changed for a few seconds; `last`: also what has changed just now.
 * What somebody has open for writing is sent once it has kept its content for longer, and may be a
 * part if `last` comes first; what they are seen to be writing, only then. What changed about when
 * a process was ended by a signal, at `died` as clock_now(), may be a part, too. Returns 0, or
 * -ECONNRESET if nothing can be sent any more.
 */
int beside_send(struct beside *beside, const struct workdir *workdir, struct reply *reply,
		bool last, int64_t died);
/*
 * How many are there that were not sent, as they are now? The name of the first one goes to `name`.
 */
unsigned beside_left(const struct beside *beside, char name[NAME_MAX + 1]);

#endif
