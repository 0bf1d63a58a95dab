/*
 * Publishing: the entries of a delivery are renamed into the incoming directory, one by one, and
 * taken back where not all of them can be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PUBLISH_H
#define PUBLISH_H
#include "receive/commit/naming.h"

struct publication {
	const struct staging *staging; /* staging->tree holds what is not published yet */
	struct naming *naming;         /* for names that are taken in the meantime */
	/* What was published, in order to take it back; -1: nothing will be. */
	int list;
	bool list_has_name;
	bool again; /* an earlier publisher may have died half-way */
	/* A mode was changed of something that was published. */
	bool changed;
	bool few; /* they are synced one by one */
};

/*
 * Make the list: a file without a name, where there are such, which no later receiver can find, let
 * alone believe. It looks for none. A negative errno when it cannot be made.
 */
int publication_open(struct publication *publication, const struct staging *staging,
		     struct naming *naming);
void publication_close(struct publication *publication);

/* The bytes that the list takes for so many entries, and so many bytes of names. */
uint64_t publication_size(uint64_t entries, uint64_t name_bytes);

/*
 * Publish the entry `name`, never over something. -EEXIST: its name has been taken in the meantime
 * (QFILE_CONFLICT_FAIL).
 */
int publish_entry(struct publication *publication, const char *name, struct qfile_error *error);

/* Publish everything in staging->tree, and what is left to be done of a publisher that died. */
int publish_all(struct publication *publication, struct qfile_error *error);

/* Take back all that is on the list, as far as the same system that just failed lets us. */
void unpublish_all(const struct publication *publication);

/*
 * Does it take more than one call to publish this entry, in a state between them that must not
 * stay? A directory that its owner may not write can be moved only with another mode, and one is
 * moved without flags only over an empty one. Returns 1, 0 or a negative errno.
 */
int publish_takes_steps(const struct staging *staging, const char *name);

#endif
