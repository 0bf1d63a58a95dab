/*
 * The system calls of the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

/*
 * From here on, any system call but those that unpacking needs kills the process. Needs
 * no_new_privs. A negative errno without seccomp.
 */
int seccomp_confine(void);

#endif
