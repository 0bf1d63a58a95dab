/*
 * The local side of a call: what reads the relay's outputs and writes its inputs, through pipes, at
 * a pace that the fuzzer chooses. And the loop that carries a call to its end, and finds out when
 * it never gets there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NEAR_H
#define NEAR_H
#include "far.h"

#include "protocol/relay.h"

#define NEAR_MAX ((size_t)1 << 20)

struct near {
	struct near_reader {
		int fd; /* -1: closed, or it has ended */
		bool ended;
		uint8_t *got;
		size_t size, stop; /* it closes when it has so many bytes */
	} readers[RPC_STREAMS_MAX];
	struct near_writer {
		int fd;
		size_t size, end; /* bytes written, and to be written */
	} writers[RPC_STREAMS_MAX];
	size_t reader_count, writer_count;
	bool waits;  /* for the end of what it reads, before it ends itself */
	bool killed; /* it was: nobody else had anything to do */
	int status;  /* what it ends with; -1: nothing is told */
};

/* The byte that a writer writes there. */
uint8_t near_byte(size_t position);

/* Give the relay a stream. */
void near_reads(struct near *near, struct rpc_relay *relay, enum rpc_frame_type type, bool screened,
		size_t stop);
void near_writes(struct near *near, struct rpc_relay *relay, enum rpc_frame_type type, size_t size);

/*
 * Until it is over. What rpc_relay_step() returned. A relay that does nothing and does not sleep,
 * or sleeps for ever, is a find.
 */
int near_carry(struct near *near, struct rpc_relay *relay, struct far *far);

/* What is still in the pipes is read. */
void near_finish(struct near *near);
void near_close(struct near *near);

#endif
