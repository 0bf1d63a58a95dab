/*
 * Choosing a transport.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/transport.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rpc_fail(struct rpc_failure *failure, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	return code;
}

int rpc_targets_add(struct rpc_targets *targets, const char *name)
{
	char(*names)[RPC_NAME_SIZE] =
		reallocarray(targets->names, targets->count + 1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	targets->names = names;
	snprintf(names[targets->count++], sizeof(*names), "%s", name);
	return 0;
}

void rpc_targets_free(struct rpc_targets *targets)
{
	free(targets->names);
	*targets = (struct rpc_targets){.count = 0};
}

const struct rpc_transport *rpc_transport_find(const char *name)
{
#ifdef RPC_XEN
	if (name && *name ? strcmp(name, "xen") == 0 : access("/dev/xen/xenbus", F_OK) == 0)
		return &rpc_xen_transport;
#endif
	return !name || !*name || strcmp(name, "unix") == 0 ? &rpc_unix_transport : NULL;
}
