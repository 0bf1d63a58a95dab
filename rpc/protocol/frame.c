/*
 * Encoding and decoding frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/frame.h"

#include "base/names.h"
#include "system/bytes.h"
#include "text/vmname.h"

#include <errno.h>
#include <string.h>

/* How long a payload may be. */
static const struct {
	uint32_t least, most;
} lengths[] = {
	[RPC_HELLO] = {4, 4},
	[RPC_CALL] = {4, RPC_CALL_MAX},
	[RPC_ACCEPTED] = {0, 0},
	[RPC_REFUSED] = {4, RPC_SMALL_MAX},
	[RPC_STDIN] = {0, RPC_FRAME_MAX},
	[RPC_STDOUT] = {0, RPC_FRAME_MAX},
	[RPC_STDERR] = {0, RPC_FRAME_MAX},
	[RPC_EXIT] = {4, 4},
	[RPC_UNWANTED] = {4, 4},
	[RPC_QUESTION] = {3, RPC_CALL_MAX},
	[RPC_ASKING] = {0, 0},
};

void rpc_number_encode(uint32_t number, unsigned char bytes[4])
{
	put32(bytes, number);
}

uint32_t rpc_number_decode(const unsigned char bytes[4])
{
	return get32(bytes);
}

void rpc_frame_encode(const struct rpc_frame *frame, unsigned char bytes[RPC_FRAME_HEADER_SIZE])
{
	rpc_number_encode(frame->type, bytes);
	rpc_number_encode(frame->length, bytes + 4);
}

int rpc_frame_decode(const unsigned char bytes[RPC_FRAME_HEADER_SIZE], struct rpc_frame *frame)
{
	uint32_t untrusted_type = rpc_number_decode(bytes),
		 untrusted_length = rpc_number_decode(bytes + 4);

	if (untrusted_type < RPC_HELLO || untrusted_type > RPC_ASKING)
		return -EPROTO;
	if (untrusted_length < lengths[untrusted_type].least ||
	    untrusted_length > lengths[untrusted_type].most)
		return -EPROTO;
	frame->type = (enum rpc_frame_type)untrusted_type;
	frame->length = untrusted_length;
	return 0;
}

/* Copy a string with its NUL. Returns the bytes. */
static size_t put(const char *text, unsigned char *bytes)
{
	size_t length = strlen(text) + 1;

	memcpy(bytes, text, length);
	return length;
}

size_t rpc_call_encode(const struct rpc_call *call, unsigned char bytes[RPC_CALL_MAX])
{
	size_t length = put(call->service, bytes);

	length += put(call->user, bytes + length);
	return length + put(call->source, bytes + length);
}

/*
 * Copy the string at bytes[*begin] to `text`, which has `size` bytes, all zeros, and move *begin
 * past its NUL. False if the string has no NUL, or does not fit with one.
 */
static bool take(const char *bytes, size_t length, size_t *begin, char *text, size_t size)
{
	for (size_t i = 0; *begin < length; i++) {
		const char c = bytes[(*begin)++];

		if (c == '\0')
			return true;
		if (i == size - 1)
			return false;
		text[i] = c;
	}
	return false;
}

int rpc_call_decode(enum rpc_frame_type type, const unsigned char *bytes, size_t length,
		    struct rpc_call *call)
{
	struct rpc_call untrusted = {.service = ""};
	const char *text = (const char *)bytes;
	size_t begin = 0;

	if (!take(text, length, &begin, untrusted.service, sizeof(untrusted.service)) ||
	    !take(text, length, &begin, untrusted.user, sizeof(untrusted.user)) ||
	    !take(text, length, &begin, untrusted.source, sizeof(untrusted.source)) ||
	    begin != length)
		return -EPROTO;
	if (!(type == RPC_QUESTION && !*untrusted.service) && !rpc_service_ok(untrusted.service))
		return -EPROTO;
	if ((*untrusted.user && !rpc_account_ok(untrusted.user)) ||
	    (*untrusted.source && !vm_name_ok(untrusted.source)))
		return -EPROTO;
	*call = untrusted;
	return 0;
}

size_t rpc_refusal_encode(uint32_t code, const char *reason, unsigned char bytes[RPC_SMALL_MAX])
{
	size_t length = 0;

	rpc_number_encode(code, bytes);
	for (; length < RPC_REASON_MAX && reason[length]; length++)
		bytes[4 + length] = ((const unsigned char *)reason)[length];
	return 4 + length;
}

void rpc_refusal_decode(const unsigned char *bytes, size_t length, struct rpc_refusal *refusal)
{
	refusal->code = rpc_number_decode(bytes);
	refusal->length = length - 4;
	memcpy(refusal->untrusted_reason, bytes + 4, length - 4);
}
