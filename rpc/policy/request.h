/*
 * The text in which a guest asks dom0 for what a call needs: a disposable VM, or the answer of
 * somebody who is to be asked. It is "TARGET SERVICE". Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H
#include "base/names.h"

#include <stddef.h>

#define RPC_REQUEST_MAX (2 * (RPC_NAME_SIZE - 1) + 1) /* bytes of the longest one */

struct rpc_request {
	char target[RPC_NAME_SIZE];  /* a VM, or "@dispvm[:TEMPLATE]" */
	char service[RPC_NAME_SIZE]; /* with its "+ARGUMENT" */
};

/*
 * Read a request. Only its first RPC_REQUEST_MAX + 1 bytes are looked at. 0: *request is it.
 * -EINVAL: these are not two names of at most 63 characters, with one blank between them and
 * nothing behind; *request is all zeros.
 */
int rpc_request_parse(const char *untrusted_text, size_t length, struct rpc_request *request);

#endif
