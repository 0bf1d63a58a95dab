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
 * Become the rpc client, which runs this program again, without --vm, and connects it with the
 * service. Returns the exit status after a failure, and after a message about it.
 */
int vm_call(const struct options *options, const char *program);

#endif
