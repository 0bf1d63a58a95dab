/*
 * The frames of a call: bytes to structs and back, and the names in them.
 *
 * The input is a header and a payload; the payload is taken for that of a call and of a refusal,
 * and for a name of each kind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"
#include "spoken.h"

#include "base/names.h"
#include "protocol/frame.h"
#include "text/vmname.h"

#include <stdbool.h>
#include <string.h>

static void check_header(const unsigned char *exact)
{
	unsigned char encoded[RPC_FRAME_HEADER_SIZE];
	struct rpc_frame frame;

	if (rpc_frame_decode(exact, &frame) < 0)
		return;
	CHECK(frame.type >= RPC_HELLO && frame.type <= RPC_ASKING && frame.length <= RPC_FRAME_MAX);
	CHECK((frame.type >= RPC_STDIN && frame.type <= RPC_STDERR) ||
	      frame.length <= RPC_SMALL_MAX);
	rpc_frame_encode(&frame, encoded);
	CHECK(memcmp(encoded, exact, sizeof(encoded)) == 0);
}

static void check_call(enum rpc_frame_type type, const unsigned char *exact, size_t size)
{
	bool any = type == RPC_QUESTION && size > 0 && !*exact;
	unsigned char *encoded;
	struct rpc_call call;
	int r = rpc_call_decode(type, exact, size, &call);

	if (!any)
		CHECK((r == 0) == spoken_call_ok(exact, size));
	if (r < 0)
		return;
	encoded = fuzz_exact_buffer(RPC_CALL_MAX);
	CHECK(rpc_call_encode(&call, encoded) == size);
	CHECK(memcmp(encoded, exact, size) == 0);
	free(encoded);
}

static void check_refusal(const unsigned char *exact, size_t size)
{
	unsigned char *encoded;
	struct rpc_refusal refusal;
	char reason[RPC_REASON_MAX + 1];
	size_t length;

	if (size < 4 || size > RPC_SMALL_MAX)
		return;
	rpc_refusal_decode(exact, size, &refusal);
	CHECK(refusal.length == size - 4 &&
	      memcmp(refusal.untrusted_reason, exact + 4, size - 4) == 0);
	/* A reason that was encoded is a string, which ends at its first NUL. */
	memcpy(reason, refusal.untrusted_reason, refusal.length);
	reason[refusal.length] = '\0';
	encoded = fuzz_exact_buffer(RPC_SMALL_MAX);
	length = rpc_refusal_encode(refusal.code, reason, encoded);
	CHECK(length == 4 + strlen(reason) && memcmp(encoded, exact, length) == 0);
	free(encoded);
}

/* A reason of any length: it is cut where it is too long. */
static void check_reason(const char *reason)
{
	unsigned char *encoded = fuzz_exact_buffer(RPC_SMALL_MAX);
	size_t length = rpc_refusal_encode(13, reason, encoded);

	CHECK(length == 4 + (strlen(reason) < RPC_REASON_MAX ? strlen(reason) : RPC_REASON_MAX));
	CHECK(memcmp(encoded, "\15\0\0", 4) == 0 && memcmp(encoded + 4, reason, length - 4) == 0);
	free(encoded);
}

static void check_names(const char *name)
{
	size_t length = strlen(name);

	CHECK(rpc_service_ok(name) == spoken_service_ok(name, length));
	CHECK(rpc_account_ok(name) == spoken_account_ok(name, length));
	CHECK(vm_name_ok(name) == spoken_vm_ok(name, length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *exact;

	if (size < RPC_FRAME_HEADER_SIZE)
		return 0;
	exact = fuzz_exact_copy(data, RPC_FRAME_HEADER_SIZE);
	check_header(exact);
	CHECK(rpc_number_decode(exact) ==
	      exact[0] + 0x100u * exact[1] + 0x10000u * exact[2] + 0x1000000u * exact[3]);
	free(exact);
	data += RPC_FRAME_HEADER_SIZE;
	size -= RPC_FRAME_HEADER_SIZE;
	exact = fuzz_exact_copy(data, size);
	check_call(RPC_CALL, exact, size);
	check_call(RPC_QUESTION, exact, size);
	check_refusal(exact, size);
	free(exact);
	exact = fuzz_exact_buffer(size + 1);
	memcpy(exact, data, size);
	exact[size] = '\0';
	/* Without what stands behind its first NUL, so that the sanitizer sees who reads there. */
	data = fuzz_exact_copy(exact, strlen((char *)exact) + 1);
	check_reason((const char *)data);
	check_names((const char *)data);
	free((void *)data);
	free(exact);
	return 0;
}
