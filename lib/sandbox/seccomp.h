/*
 * seccomp: the system calls of the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

/*
 * From now on, any system call that unpacking does not need kills the process. Needs no_new_privs.
 * Returns 0, or a negative errno if the kernel has no seccomp.
 */
int seccomp_confine(void);

#endif
