/*
 * Whom the caller may call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_LIST_H
#define RPC_LIST_H
#include "options.h"

/*
 * Write the names of the VMs that may be called for the service of `options`, or for any, to
 * stdout, a line each, sorted. Returns the status to exit with; not 0 if that is not known of one.
 */
int list_targets(const struct options *options);

/* Write what the target of `options` is to stdout. Returns the status to exit with. */
int list_kind(const struct options *options);

/*
 * Find the VM whose name is most like the target of `options`, and that may be called for its
 * service. False: there is none, or it is not known.
 */
bool list_similar(const struct options *options, char name[RPC_NAME_SIZE]);

#endif
