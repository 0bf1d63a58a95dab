/*
 * Capabilities: which ones a process that root started keeps between becoming the user and
 * confining its child, and giving them up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

/*
 * Make no capability effective. Keep permitted, of those that are, only what namespaces, chroot and
 * capabilities_drop() need.
 */
int capabilities_keep_few(void);
/*
 * Make the permitted capabilities effective. Returns 1 if CAP_SYS_ADMIN is among them, 0 if it is
 * not, or a negative errno.
 */
int capabilities_raise(void);
/* May this process chroot? Call it after capabilities_raise(). Returns 1, 0 or a negative errno. */
int capabilities_can_chroot(void);
/* Give up all capabilities, and every way to gain new ones that this process may give up. */
int capabilities_drop(void);

#endif
