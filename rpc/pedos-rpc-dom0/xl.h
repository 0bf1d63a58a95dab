/*
 * xl, which makes and destroys disposable VMs: started as a child of this program, or by another
 * process of it in a unit of its own. That one is asked over a socket, one request a connection,
 * and believes nothing that it is told: it makes VMs only from the templates that it knows itself,
 * and destroys disposable VMs only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef XL_H
#define XL_H
#include "child.h"
#include "machine.h"

/*
 * Have xl make a VM from a template, whose file is `path`, with this name and uuid; or destroy a
 * domain. options->xl_socket says who starts xl. 0 or a negative errno.
 */
int xl_create(struct child *xl, const struct options *options, const struct disposable *disposable,
	      char *path);
int xl_destroy(struct child *xl, const struct options *options, unsigned domid, int64_t deadline);

/*
 * Be that other process: serve the request that comes on stdin, which is a connection. The
 * hypervisor must be open. Returns the exit status; that of xl goes to who asks.
 */
int xl_serve(struct machine *machine);

#endif
