/*
 * The child's confinement.
 *
 * The room lib/sandbox: confines a process, layer by layer. It uses no other room, so that it can
 * be checked alone: it knows neither the stream nor the staging directory. It changes its own
 * process for good: namespaces, root directory, capabilities, limits, system calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SANDBOX_H
#define SANDBOX_H
#include <qfile.h>

struct sandbox {
	unsigned layers;         /* the enum qfile_layer bits that are in force */
	enum qfile_layer failed; /* after a failure of sandbox_enter(): the layer that failed */
	uid_t uid;               /* the user and the group outside of the user namespace */
	gid_t gid;
	int root; /* the directory that is, or will be, the child's whole file system */
};

/*
 * fork() a child into as many new namespaces as the system allows. Uses the capabilities of the
 * process, if it has any, and then gives them up for good in the parent. Returns the child's PID, 0
 * in the child, or a negative errno: this system does not let a user without privileges make
 * namespaces, without which chroot is not possible.
 */
pid_t sandbox_fork(struct sandbox *sandbox);

/*
 * Confine this process, the child. The directory `root` becomes its whole file system, and every
 * descriptor above 2 is closed. `start` is called with `argument` when nothing is left to do but
 * the limits and the list of system calls, which are the process's: a thread that it starts has all
 * layers, and none can be started later. It is not called where the process may have fewer
 * descriptors or less memory than these limits. Returns a new descriptor of the root directory, or
 * a negative errno if a layer fails that is required.
 */
int sandbox_enter(struct sandbox *sandbox, int root, void (*start)(void *argument), void *argument);

/*
 * Returns a hint for struct qfile_error: what keeps a plain user from making namespaces, after
 * sandbox_fork() or sandbox_enter() failed with `code`.
 */
const char *sandbox_hint(int code);

#endif
