/*
 * Naming: the names under which the entries of a delivery arrive.
 *
 * The names are given in the staging directory itself: what is called there as it will be called
 * among earlier deliveries needs no list of old and new names, in memory or on the disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NAMING_H
#define NAMING_H
#include "format/renames.h"
#include "receive/commit/cancel.h"
#include "receive/commit/staging.h"

#include <limits.h>

#define NAMING_HINTS 64

struct naming {
	const struct staging *staging;
	enum qfile_conflict on_conflict;
	struct renames *renames; /* where new names are noted, or NULL */
	/* So many bytes may a name have here, as far as is known: a disk may refuse what is longer.
	 */
	size_t longest;
	/*
	 * The last number that a name was given, by a hash of how the name begins: the next such
	 * name tries the number after it first. A wrong hint costs tries, or gives a number that
	 * is not the smallest.
	 */
	struct naming_hint {
		uint64_t hash;
		unsigned number;
	} hints[NAMING_HINTS];
};

/* What is to be delivered. */
struct naming_result {
	uint64_t entries;
	uint64_t name_bytes; /* of all their names */
	unsigned renamed;    /* how many have another name now than was sent */
	/* One of them; the only one where there is one. */
	char name[NAME_MAX + 1];
};

/*
 * May this name stand beside what was delivered before? The unpacking process has checked the
 * names, but it may be the sender's by now.
 */
bool naming_name_ok(const char *untrusted_name);

void naming_begin(struct naming *naming, const struct staging *staging,
		  enum qfile_conflict on_conflict);

/*
 * Make sure that the entry `name` of staging->tree has a name that is free in the incoming
 * directory, by renaming it. Its name is `final` then. Returns 1 if it was renamed, 0 if not;
 * -EEXIST: the name is taken (QFILE_CONFLICT_FAIL).
 */
int naming_entry(struct naming *naming, const char *name, char final[NAME_MAX + 1]);

/*
 * Do this for every entry of staging->tree. -EPERM: one of them is nothing that may be delivered;
 * it is named.
 */
int naming_all(struct naming *naming, struct cancel *cancel, struct naming_result *result,
	       struct qfile_error *error);

#endif
