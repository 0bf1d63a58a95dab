/*
 * What stands in the way of replacing a file, before anything is sent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CONDITIONS_H
#define CONDITIONS_H
#include "open/opener/replace.h"

/*
 * Look at the target, which is open, and its directory. Returns enum opener_note bits: LINKS,
 * READ_ONLY, READ_ONLY_MOUNT, IMMUTABLE, DIRECTORY, OWNER, MOUNT. Makes a file without a name in
 * the directory for a moment, since only trying shows what a file system permits. What cannot be
 * found out is left out: then it shows when a save is stored.
 */
unsigned conditions_of(const struct target *target);

/*
 * Does the target's directory let files be made, but not removed or renamed (chattr +a)? Then
 * nothing may be made there that is to go.
 */
bool conditions_keeps_all(const struct target *target);

/* May the caller write to the file? Returns 0 or a negative errno: -EPERM if nobody may. */
int conditions_writable(const struct target *target);

#endif
