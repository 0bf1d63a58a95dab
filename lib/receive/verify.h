/*
 * What the child left in the staging directory, before it becomes a delivery.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef VERIFY_H
#define VERIFY_H
#include "receive/cancel.h"
#include "receive/staging.h"

/*
 * Is everything in the staging's tree what an honest child makes under `flags`? Only directories,
 * files and links, with names and targets that may be; without set-ID and sticky bits; files with
 * one name; as many entries as it `claimed`. The child is dead by now, and nobody else works in
 * there. `layers`: that held the child. Where the list of system calls did, no entry can have such
 * bits or names, and none is looked at for them. -EPERM: it is not; the entry is named. -EPROTO:
 * another number of entries. Or as cancel_check().
 */
int verify(const struct staging *staging, unsigned flags, unsigned layers, uint64_t claimed,
	   struct cancel *cancel, struct qfile_error *error);

#endif
