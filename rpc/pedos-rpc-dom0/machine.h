/*
 * What dom0's program knows of this machine, for all who have to do with single calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef MACHINE_H
#define MACHINE_H
#include "disposables.h"

struct machine {
	const struct options *options;
	struct rpc_policy policy;
	struct domains domains;
	struct disposables disposables;
	xc_interface *xc;
	struct xs_handle *xs;
};

#endif
