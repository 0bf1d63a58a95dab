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

/*
 * The same for a caller that has something to say when the client has ended: start it, pass on
 * SIGINT, SIGTERM and SIGHUP, and wait. Returns its exit status (128 + N: signal N has ended it),
 * or -1 after a message.
 */
#define RPC_FAILED      125 /* by these statuses a client says that the call failed */
#define RPC_FAILED_LAST 127
int rpc_run(const char *vm, const char *service, const char *program,
	    const char *const arguments[]);

#endif
