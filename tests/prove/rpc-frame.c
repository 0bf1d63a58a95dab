/*
 * All of frame.c: every header, every call and refusal, in memory of exactly their size.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include <stdbool.h>

#define MEMORY 2048

/* These read no more than the array of a name: other proofs show that. */
/*@ requires \valid_read(name + (0 .. 63)) && \initialized(name + (0 .. 63));
    assigns \result \from name[0 .. 63];
    ensures \result == 0 || \result == 1; */
bool vm_name_ok(const char *name);
/*@ requires \valid_read(name + (0 .. 63)) && \initialized(name + (0 .. 63));
    assigns \result \from name[0 .. 63];
    ensures \result == 0 || \result == 1; */
bool rpc_service_ok(const char *name);
/*@ requires \valid_read(name + (0 .. 32)) && \initialized(name + (0 .. 32));
    assigns \result \from name[0 .. 32];
    ensures \result == 0 || \result == 1; */
bool rpc_account_ok(const char *name);

#include "protocol/frame.c"

static unsigned char payload[MEMORY], encoded[RPC_CALL_MAX], small[RPC_SMALL_MAX];
static char reason[MEMORY];

static void headers(void)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];
	struct rpc_frame frame;

	Frama_C_make_unknown((char *)bytes, sizeof(bytes));
	/* Each header that is accepted can be sent again. */
	if (rpc_frame_decode(bytes, &frame) == 0)
		rpc_frame_encode(&frame, bytes);
}

/* The payload ends where its memory does. A call that is accepted can be sent again. */
static void decode_call(size_t length)
{
	static struct rpc_call call;

	enum rpc_frame_type type = Frama_C_interval(0, 1) ? RPC_CALL : RPC_QUESTION;

	if (rpc_call_decode(type, payload + MEMORY - length, length, &call) == 0)
		rpc_call_encode(&call, encoded);
}

static void encode_call(void)
{
	static struct rpc_call call;

	Frama_C_make_unknown(call.service, sizeof(call.service) - 1);
	Frama_C_make_unknown(call.user, sizeof(call.user) - 1);
	Frama_C_make_unknown(call.source, sizeof(call.source) - 1);
	rpc_call_encode(&call, encoded);
}

static void decode_refusal(const unsigned char *bytes, size_t length)
{
	static struct rpc_refusal refusal;
	volatile uint32_t code;

	rpc_refusal_decode(bytes, length, &refusal);
	code = refusal.code;
}

/* A string ends where its memory does; or it is so long that nobody looks for its end. */
static void encode_refusals(void)
{
	//@ loop unroll 9;
	for (size_t length = 0; length <= RPC_REASON_MAX + 50; length += 50)
		rpc_refusal_encode(Frama_C_unsigned_int_interval(0, UINT32_MAX),
				   reason + MEMORY - 1 - length, small);
	rpc_refusal_encode(0, reason, small);
}

int main(void)
{
	Frama_C_make_unknown((char *)payload, sizeof(payload));
	Frama_C_make_unknown(reason, sizeof(reason) - 1);
	headers();
	/* Each length that the header of such a frame can say, and beyond. */
	//@ loop unroll RPC_CALL_MAX + 4;
	for (size_t length = 0; length < RPC_CALL_MAX + 4; length++)
		decode_call(length);
	encode_call();
	//@ loop unroll RPC_SMALL_MAX + 1;
	for (size_t length = 5; length <= RPC_SMALL_MAX; length++)
		decode_refusal(payload + MEMORY - length, length);
	/*
	 * The prover's memcpy() takes no pointer to the end of an object, which C allows for 0
	 * bytes.
	 */
	decode_refusal(payload, any_size(4, RPC_SMALL_MAX));
	encode_refusals();
	return 0;
}
