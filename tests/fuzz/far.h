/*
 * A channel whose other end is the fuzzer's input: what is read from it are the input's bytes, what
 * is written to it is kept. Through memory, or through a pair of sockets and the transport for one
 * machine. No second process: every run of an input is the same.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FAR_H
#define FAR_H
#include "transport/transport.h"

#include <stdint.h>

#define FAR_GOT_MAX ((size_t)1 << 20)

/* moving: straight from and to pipes. */
enum far_way {
	FAR_MEMORY,
	FAR_MEMORY_MOVING,
	FAR_SOCKETS,
	FAR_WAYS
};

struct far {
	const uint8_t *bytes; /* what it sends */
	size_t size, sent;
	uint8_t *got; /* what it has received, at most FAR_GOT_MAX: then it takes no more */
	size_t got_size;
	bool stays; /* it does not hang up when it has sent everything */
	bool deaf;  /* it does not read */
	bool ready; /* the last wait would not have slept */
	bool alone; /* nothing but this channel can end a wait: one that sleeps is a find */
	uint32_t noise;
	size_t may_read, may_write; /* memory: until the next wait */
	int fd;                     /* sockets: its end; -1: it has hung up */
};

/* `noise` chooses the pieces. All of it belongs to the channel until far_close(). */
void far_open(struct far *far, struct rpc_channel *channel, enum far_way way, const uint8_t *bytes,
	      size_t size, uint8_t noise);
void far_close(struct far *far, struct rpc_channel *channel);
/* A number below `below`, different each time. */
size_t far_noise(struct far *far, size_t below);

#endif
