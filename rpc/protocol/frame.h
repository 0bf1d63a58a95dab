/*
 * The frames that the two ends of a call exchange: u32 type, u32 length, payload, all integers
 * little-endian. Pure.
 *
 *   caller              service
 *   HELLO, CALL    ->
 *                  <-   HELLO, then ACCEPTED, or REFUSED, which ends the call; before one of
 *                       them ASKING, once, if somebody there is asked
 *   STDIN...       <->  STDOUT..., STDERR...
 *                  <-   EXIT, when STDOUT and STDERR have ended; then the caller closes
 *
 * QUESTION instead of CALL asks whether the policy would let the caller call: ACCEPTED says yes, or
 * that somebody would be asked, REFUSED no; then the service's end closes. Nothing is run.
 *
 * A STDIN, STDOUT or STDERR of length 0 ends that stream, and no other. UNWANTED says that nobody
 * reads a stream any more. Its writer is then told as by a pipe, and what still comes is dropped.
 *
 * The room rpc/protocol encodes and checks frames, and carries the streams of a call between
 * descriptors and a channel. It includes only rpc/transport, rpc/base, text/ and system/. It opens
 * no files, starts no processes, and does not decide who may call. frame and session are pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_FRAME_H
#define RPC_FRAME_H
#include <stddef.h>
#include <stdint.h>

#define RPC_VERSION 1

enum rpc_frame_type {
	RPC_HELLO = 1,     /* u32 version */
	RPC_CALL = 2,      /* struct rpc_call */
	RPC_ACCEPTED = 3,  /* nothing: the service runs */
	RPC_REFUSED = 4,   /* struct rpc_refusal */
	RPC_STDIN = 5,     /* bytes, caller to service */
	RPC_STDOUT = 6,    /* bytes, service to caller */
	RPC_STDERR = 7,    /* bytes, service to caller */
	RPC_EXIT = 8,      /* u32 status of the service, 0 to 255; 128 + N: ended by signal N */
	RPC_UNWANTED = 9,  /* u32: the type of the stream */
	RPC_QUESTION = 10, /* struct rpc_call; its service may be empty: any */
	RPC_ASKING = 11,   /* nothing: somebody is asked whether the call is allowed */
};

#define RPC_FRAME_HEADER_SIZE 8
#define RPC_FRAME_MAX         65536 /* bytes of payload */
#define RPC_REASON_MAX        400   /* bytes of a refusal's reason */
#define RPC_CALL_MAX          (63 + 1 + 32 + 1 + 63 + 1)
/* The longest payload of a frame that is not of a stream. */
#define RPC_SMALL_MAX (4 + RPC_REASON_MAX)

struct rpc_frame {
	enum rpc_frame_type type;
	uint32_t length; /* of the payload */
};

/* What a caller asks for. The payload is these three strings, each with a NUL. */
struct rpc_call {
	char service[64]; /* SERVICE[+ARGUMENT] */
	char user[33];    /* the account to run it as; empty: the one that the policy chooses */
	char source[64];  /* the name to call under; empty: the caller's own */
};

/* The payload is u32 code, then the reason. */
struct rpc_refusal {
	/*
	 * A positive errno.
	 * ENOENT: there is no such service.
	 * EACCES: the call is not allowed.
	 * EBUSY: the caller has too many calls.
	 * Any other: something failed.
	 */
	uint32_t code;
	size_t length; /* of the reason */
	char untrusted_reason[RPC_REASON_MAX];
};

void rpc_frame_encode(const struct rpc_frame *frame, unsigned char bytes[RPC_FRAME_HEADER_SIZE]);
/* -EPROTO: there is no such type, or its payload cannot have that length. */
int rpc_frame_decode(const unsigned char bytes[RPC_FRAME_HEADER_SIZE], struct rpc_frame *frame);

/* The payload of HELLO, EXIT and UNWANTED. */
void rpc_number_encode(uint32_t number, unsigned char bytes[4]);
uint32_t rpc_number_decode(const unsigned char bytes[4]);

/* Returns the payload's length. */
size_t rpc_call_encode(const struct rpc_call *call, unsigned char bytes[RPC_CALL_MAX]);
/*
 * The payload of a frame of this type, CALL or QUESTION. -EPROTO: it is not three strings, or one
 * of them is not a valid name.
 */
int rpc_call_decode(enum rpc_frame_type type, const unsigned char *bytes, size_t length,
		    struct rpc_call *call);

/* Returns the payload's length. A reason that is too long is cut. */
size_t rpc_refusal_encode(uint32_t code, const char *reason, unsigned char bytes[RPC_SMALL_MAX]);
/* `length` is one that rpc_frame_decode() has accepted. */
void rpc_refusal_decode(const unsigned char *bytes, size_t length, struct rpc_refusal *refusal);

#endif
