/*
 * The text in which a guest asks dom0 for what a call needs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "policy/request.h"
#include "text/vmname.h"

#include <errno.h>
#include <stdbool.h>

/* Copy what is up to `end` to `name`, which is all zeros. False: it is too long, or has a NUL. */
static bool take_name(const char *untrusted, const char *end, char name[RPC_NAME_SIZE])
{
	for (size_t i = 0; untrusted < end; i++) {
		if (i == RPC_NAME_SIZE - 1 || !*untrusted)
			return false;
		name[i] = *untrusted++;
	}
	return true;
}

/* The same of both names. `request` is all zeros. */
static bool take_names(const char *untrusted, const char *end, struct rpc_request *request)
{
	const char *blank = untrusted;

	while (blank < end && *blank != ' ')
		blank++;
	return blank < end && take_name(untrusted, blank, request->target) &&
	       take_name(blank + 1, end, request->service);
}

int rpc_request_parse(const char *untrusted_text, size_t length, struct rpc_request *request)
{
	*request = (struct rpc_request){.target = ""};
	if (length <= RPC_REQUEST_MAX &&
	    take_names(untrusted_text, untrusted_text + length, request) &&
	    (vm_name_ok(request->target) || rpc_disposable_ok(request->target)) &&
	    rpc_service_ok(request->service))
		return 0;
	*request = (struct rpc_request){.target = ""};
	return -EINVAL;
}
