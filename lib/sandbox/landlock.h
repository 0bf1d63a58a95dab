/*
 * Landlock for the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/*
 * From here on, allow below the directory `root` what unpacking needs, and nothing anywhere else.
 * Needs no_new_privs. A negative errno where the kernel has no Landlock (-ENOSYS) or has it
 * switched off (-EOPNOTSUPP).
 */
int landlock_confine(int root);

#endif
