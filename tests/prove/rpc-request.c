/*
 * All of request.c: texts of every length at once, which end where their memory does. A function
 * that gets a length only compares it, and adds it to the pointer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include <stdbool.h>

/* Proven by name.c and rpc-names.c, for strings as long as those of request.c. */
/*@ requires \valid_read(name + (0 .. 63)) && \initialized(name + (0 .. 63));
    assigns \result \from name[0 .. 63]; ensures \result == 0 || \result == 1; */
bool vm_name_ok(const char *name);

/*@ requires \valid_read(untrusted_service + (0 .. 63)) &&
    \initialized(untrusted_service + (0 .. 63));
    assigns \result \from untrusted_service[0 .. 63]; ensures \result == 0 || \result == 1; */
bool rpc_service_ok(const char *untrusted_service);

/*@ requires \valid_read(untrusted_target + (0 .. 63)) &&
    \initialized(untrusted_target + (0 .. 63));
    assigns \result \from untrusted_target[0 .. 63]; ensures \result == 0 || \result == 1; */
bool rpc_disposable_ok(const char *untrusted_target);

#include "policy/request.c"

#define MEMORY (RPC_REQUEST_MAX + 1)
#define SHORT  20 /* texts of each length by itself */

static char input[MEMORY];

int main(void)
{
	struct rpc_request request = {.target = ""};

	Frama_C_make_unknown(input, MEMORY);
	take_names(input + MEMORY - any_size(0, MEMORY), input + MEMORY, &request);
	rpc_request_parse(input, any_size(0, MOST), &request);
	//@ loop unroll SHORT;
	for (size_t length = 0; length < SHORT; length++)
		rpc_request_parse(input + MEMORY - length, length, &request);
	return 0;
}
