/*
 * The frames in which the two ends of a call speak: u32 type, u32 length, payload, all integers
 * little-endian. Pure: no I/O, no memory of its own.
 *
 *   caller              service
 *   HELLO, CALL    ->
 *                  <-   HELLO, then ACCEPTED, or REFUSED and the end
 *   STDIN...       <->  STDOUT..., STDERR...
 *                  <-   EXIT, when STDOUT and STDERR have ended; then the caller closes
 *
 * A STDIN, STDOUT or STDERR of length 0 ends that stream, and no other. UNWANTED says that nobody
 * reads a stream any more: what still comes of it is dropped, and its writer is told as by a pipe.
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
	RPC_HELLO = 1,    /* u32 version */
	RPC_CALL = 2,     /* struct rpc_call */
	RPC_ACCEPTED = 3, /* nothing: the service runs */
	RPC_REFUSED = 4,  /* struct rpc_refusal */
	RPC_STDIN = 5,    /* bytes, caller to service */
	RPC_STDOUT = 6,   /* bytes, service to caller */
	RPC_STDERR = 7,   /* bytes, service to caller */
	RPC_EXIT = 8,     /* u32: how the service ended, 0 to 255; 128 + N: by signal N */
	RPC_UNWANTED = 9, /* u32: the type of the stream */
};

#define RPC_FRAME_HEADER_SIZE 8
#define RPC_FRAME_MAX         65536 /* bytes of payload */
#define RPC_REASON_MAX        400   /* bytes of a refusal's reason */
#define RPC_CALL_MAX          (63 + 1 + 32 + 1 + 63 + 1)
/* The longest payload that is not a stream's bytes. */
#define RPC_SMALL_MAX (4 + RPC_REASON_MAX)

struct rpc_frame {
	enum rpc_frame_type type;
	uint32_t length; /* of the payload */
};

/* What a caller asks for. As payload: the three, each ended by a NUL. */
struct rpc_call {
	char service[64]; /* SERVICE[+ARGUMENT] */
	char user[33];    /* the account to run it as; empty: the policy's */
	char source[64];  /* the name that the caller gives itself; empty: none */
};

/* As payload: u32 code, then the reason's bytes. */
struct rpc_refusal {
	/*
	 * An errno: ENOENT: no such service; EACCES and EBUSY: not allowed, not now; else the rpc
	 * failed.
	 */
	uint32_t code;
	size_t length;
	char untrusted_reason[RPC_REASON_MAX];
};

void rpc_frame_encode(const struct rpc_frame *frame, unsigned char bytes[RPC_FRAME_HEADER_SIZE]);
/* -EPROTO: there is no such type, or its payload never has that length. */
int rpc_frame_decode(const unsigned char bytes[RPC_FRAME_HEADER_SIZE], struct rpc_frame *frame);

/* The payload of HELLO, EXIT and UNWANTED. */
void rpc_number_encode(uint32_t number, unsigned char bytes[4]);
uint32_t rpc_number_decode(const unsigned char bytes[4]);

/* Returns the payload's length. */
size_t rpc_call_encode(const struct rpc_call *call, unsigned char bytes[RPC_CALL_MAX]);
/* -EPROTO: not three strings, or one is no name of its kind. */
int rpc_call_decode(const unsigned char *bytes, size_t length, struct rpc_call *call);

/* Returns the payload's length. The reason is cut where it is too long. */
size_t rpc_refusal_encode(uint32_t code, const char *reason, unsigned char bytes[RPC_SMALL_MAX]);
/* `length` as rpc_frame_decode() lets it pass. */
void rpc_refusal_decode(const unsigned char *bytes, size_t length, struct rpc_refusal *refusal);

#endif
