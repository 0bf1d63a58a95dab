/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef VM_H
#define VM_H
#include "options.h"

/*
 * Become the rpc client, which will run this program again, without --vm, its stdin and stdout
 * joined to the service's. Returns the exit status where that fails, after saying why.
 */
int vm_call(const struct options *options, const char *program);

#endif
