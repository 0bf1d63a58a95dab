/*
 * What is done with the saves that come back: each is put in the original's place, or where that
 * cannot be, kept somewhere else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVING_H
#define SAVING_H
#include "open/opener/opener.h"
#include "open/opener/original.h"

#include <qfile.h>

struct saving {
	struct original *original;
	const char *from;        /* as in struct opener_options */
	const char *const *keep; /* the same */
	struct save save;        /* that is coming */
	/* The directory it lies in: 0, the original's; else keep[where - 1], open as `private`. */
	size_t where;
	int private; /* -1: none */
	/*
	 * Why it cannot be put in the original's place, a positive errno; 0: nothing is known
	 * against it.
	 */
	int reason;
	int failure;        /* why nothing can be done with it any more, a negative errno; 0 */
	struct target kept; /* where the last one was kept that was */
	size_t kept_where;  /* as `where` */
};

void saving_init(struct saving *saving, struct original *original, const char *from,
		 const char *const *keep);
void saving_close(struct saving *saving);

/*
 * A save begins; `announced`: its bytes, 0 where they are not known. What fails here and in
 * saving_write() shows in saving_end().
 */
void saving_begin(struct saving *saving, uint64_t announced);
void saving_write(struct saving *saving, const void *bytes, size_t size);
/*
 * It is complete, with this checksum. `backup`: the content before is to be kept. Returns
 * OPENER_SAVED or OPENER_KEPT and fills *event but for its number; or
 * OPENER_DROPPED and fills *error.
 */
int saving_end(struct saving *saving, uint32_t crc, bool backup, struct opener_event *event,
	       struct qfile_error *error);
/* It will not be complete, or is not wanted. */
void saving_drop(struct saving *saving);

#endif
