/*
 * pedos-rpc's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_CALLER_OPTIONS_H
#define RPC_CALLER_OPTIONS_H
#include "base/services.h"
#include "protocol/frame.h"
#include "transport/transport.h"

#include <stdbool.h>

enum {
	EXIT_FAILED = 125,
	EXIT_REFUSED = 126,
	EXIT_NO_SERVICE = 127
};

struct options {
	const struct rpc_transport *transport;
	const char *sockets; /* unix: the directory of the sockets */
	bool list;           /* say which VMs may be called; there is no target or program */
	bool kind;           /* say what the target is; there is no program */
	const char *target;
	bool disposable; /* the target is one that is made for the call */
	/* Of a sandbox: where services are; NULL at the end. None: it has its own. */
	const char *service_dirs[SERVICE_DIRS_MAX];
	struct rpc_call call; /* its service may be empty where they are listed: any */
	char **program; /* and its arguments, NULL at the end; NULL: use our own stdin and stdout */
};

/* Returns -1 to go on, otherwise the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
