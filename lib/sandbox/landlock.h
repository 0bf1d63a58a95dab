/*
 * Landlock for the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

/*
 * From now on allow only what unpacking needs, and only below the directory `root`. Needs
 * no_new_privs. Returns 0 or a negative errno. -ENOSYS: the kernel has no Landlock. -EOPNOTSUPP: it
 * is switched off.
 */
int landlock_confine(int root);

#endif
