/*
 * Saving: what is done with the saves that come back. Each one replaces the original or, if that is
 * not possible, is kept elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVING_H
#define SAVING_H
#include "open/opener/opener.h"
#include "open/opener/original.h"

#include <qfile.h>

/* So many backups are made for doubtful saves: who sends them without end fills no disk. */
#define SAVING_BACKUPS_MAX 100

struct saving {
	struct original *original;
	const struct opener_options *options;
	const char *const *keep; /* options->keep */
	struct save save;        /* the one that is coming */
	uint64_t received;       /* bytes of it, also where they could be written nowhere */
	/* Its directory: 0 for the original's, otherwise keep[where - 1], open as `private`. */
	size_t where;
	int private; /* -1: not open */
	/* Why it cannot replace the original, a positive errno; 0: no reason is known. */
	int reason;
	unsigned cause; /* the enum opener_note bit for the reason, or 0 */
	bool blocked;   /* the reason is one against writing into the original, too */
	bool doubtful;  /* what the original has is a doubtful save, whose backup is made */
	unsigned backups;
	int failure;        /* why it could be written nowhere, a negative errno; 0: it could */
	struct target kept; /* the last save that was kept */
	size_t kept_where;  /* its directory, as `where` */
	bool kept_doubtful; /* it may be damaged */
};

void saving_init(struct saving *saving, struct original *original,
		 const struct opener_options *options);
void saving_close(struct saving *saving);

/*
 * Begin a save of `announced` bytes, 0 if that is not known. saving_end() tells what has failed
 * here and in saving_write().
 */
void saving_begin(struct saving *saving, uint64_t announced);
void saving_write(struct saving *saving, const void *bytes, size_t size);
/*
 * End the save, which is complete. A save that the original or the last that
 * was kept has already is not written again. `doubtful`: keep what the original has, which may be
 * better. Returns OPENER_SAVED or OPENER_KEPT and fills *event, except the number; or returns
 * OPENER_DROPPED and fills *error.
 */
int saving_end(struct saving *saving, bool doubtful, struct opener_event *event,
	       struct qfile_error *error);
/* Drop the save, which will not be complete, or is not wanted. */
void saving_drop(struct saving *saving);

#endif
