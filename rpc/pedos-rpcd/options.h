/*
 * pedos-rpcd's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_OPTIONS_H
#define RPCD_OPTIONS_H
#include "base/services.h"
#include "transport/transport.h"

#include <stdbool.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

#define SETENV_MAX 32

struct options {
	const struct rpc_transport *transport;
	struct rpc_listen_options listen;
	/* If no domain is named: our own account, and a list of only that. */
	char own_domain[RPC_NAME_SIZE];
	const char *own_domains[1];
	const char *policy;                         /* its directory; unix only */
	const char *service_dirs[SERVICE_DIRS_MAX]; /* NULL at the end */
	const char *environment[SETENV_MAX + 1];    /* NAME=VALUE for services; NULL at the end */
	/* The account to run services as if the policy names none; NULL: that of the domain. */
	const char *user;
	bool user_is_said;       /* on the command line */
	bool own_sockets;        /* the directory of sockets was chosen on the command line */
	const char *prompt;      /* the command that asks; NULL: none */
	unsigned prompt_timeout; /* seconds until no answer is a no; 0: never */
	unsigned max_calls;      /* of one source at the same time */
	bool foreground;
	bool check; /* only whether the policy is right and the domains can be served */
};

/* Returns -1 to go on, otherwise the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
