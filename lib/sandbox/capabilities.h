/*
 * Capabilities, as sets of bits: what a process started as root keeps between becoming the user and
 * confining its child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

/*
 * Keep in the permitted set what making namespaces, chroot and shedding the rest need; have none in
 * force.
 */
int capabilities_keep_few(void);
/*
 * Put in force what is permitted. Returns whether CAP_SYS_ADMIN is among it, or a negative errno.
 */
int capabilities_raise(void);
/* May this process chroot (after capabilities_raise())? */
int capabilities_can_chroot(void);
/* Give up all capabilities, and every way to new ones that the process has the right to close. */
int capabilities_drop(void);

#endif
