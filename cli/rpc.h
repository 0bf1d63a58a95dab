/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLIENT_RPC_H
#define CLIENT_RPC_H

/*
 * Become the rpc client, which will run this program again with these arguments (NULL-terminated),
 * its stdin and stdout joined to the service's. `program` is what main() was called by. Returns
 * where that fails, after saying why.
 */
void rpc_call(const char *vm, const char *service, const char *program,
	      const char *const arguments[]);

#endif
