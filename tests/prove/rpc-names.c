/*
 * All of names.c: a string ends where its memory does, or is so long that its end is never reached.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include "base/names.c"

static char longest[RPC_NAME_SIZE], other[RPC_NAME_SIZE];

int main(void)
{
	Frama_C_make_unknown(longest, sizeof(longest));
	rpc_service_ok(longest);
	rpc_disposable_ok(longest);
	rpc_disposable_node(longest, other);
	rpc_disposable_target(longest, other);
	rpc_account_ok(longest + sizeof(longest) - RPC_ACCOUNT_SIZE);
	longest[sizeof(longest) - 1] = '\0';
	//@ loop unroll RPC_NAME_SIZE;
	for (size_t length = 0; length < sizeof(longest); length++) {
		rpc_service_ok(longest + sizeof(longest) - 1 - length);
		rpc_account_ok(longest + sizeof(longest) - 1 - length);
		rpc_disposable_ok(longest + sizeof(longest) - 1 - length);
		rpc_disposable_node(longest + sizeof(longest) - 1 - length, other);
		rpc_disposable_target(longest + sizeof(longest) - 1 - length, other);
	}
	return 0;
}
