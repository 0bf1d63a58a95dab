/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_RPC_H
#define CLI_RPC_H

/*
 * Become the rpc client, which runs this program again with these arguments (NULL-terminated), and
 * connects it with the service. `program` is argv[0] of main(). Returns only after a failure, and
 * after a message about it.
 */
void rpc_call(const char *vm, const char *service, const char *program,
	      const char *const arguments[]);

#endif
