/*
 * Verify: the monitor checks what the child has left in the staging directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef VERIFY_H
#define VERIFY_H
#include "receive/commit/cancel.h"
#include "receive/commit/staging.h"

/*
 * Check that everything in the tree is what an honest child makes under `flags`: only directories,
 * files and links, with names and targets that are allowed, no set-ID and sticky bits, one name for
 * each file, and as many entries as the child has `claimed`. Call it when the child is dead and
 * nobody else works in the tree. `layers` are those that confined the child: if the list of system
 * calls was in force, the child could make neither such bits nor second names, and they are not
 * looked for. -EPERM: an entry is not allowed, and `error` names it. -EPROTO: there is another
 * number of entries. Or as cancel_check().
 */
int verify(const struct staging *staging, unsigned flags, unsigned layers, uint64_t claimed,
	   struct cancel *cancel, struct qfile_error *error);

#endif
