/*
 * The child's confinement: what the layers are, and how they are made.
 *
 * The room lib/sandbox: confines a process, layer by layer. It uses no other room, so that it can
 * be checked alone: it knows neither the stream nor the staging directory. It changes its own
 * process for good: namespaces, root directory, capabilities, limits, system calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CONFINE_H
#define CONFINE_H
#include <qfile.h>

struct sandbox {
	unsigned layers;         /* the enum qfile_layer bits that are in force */
	enum qfile_layer failed; /* where it cannot be had: for want of this one */
	uid_t uid;               /* who we are outside */
	gid_t gid;
	int root; /* the directory that becomes, and then is, the child's whole file system */
};

/*
 * fork() into namespaces of its own, as many as can be had. Uses capabilities where the process has
 * them, and drops them in the parent, for good. Returns the child's PID, 0 in the child, or a
 * negative errno: a user without privileges may make no namespaces here, so that chroot cannot be
 * had.
 */
pid_t sandbox_fork(struct sandbox *sandbox);

/*
 * In the child: shut it in. `root`, a directory, becomes its whole file system; every descriptor
 * above 2 is closed. Returns a new descriptor of the root directory, or a negative errno when a
 * layer is missing that there must be.
 */
int sandbox_enter(struct sandbox *sandbox, int root);

/*
 * Which setting of the system keeps a plain user from making namespaces: a static sentence part, or
 * NULL.
 */
const char *sandbox_hint(void);

#endif
