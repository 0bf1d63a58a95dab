/*
 * A whole call in one process: two relays, the channel between them, and who reads and writes at
 * both ends, all in turn and in pieces of random size.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RELAYED_H
#define RELAYED_H
#include "protocol/relay.h"

/* What the channel is made of. */
/* moving: memory that is filled straight from pipes. */
enum way {
	WAY_MEMORY,
	WAY_MOVING,
	WAY_SOCKETS,
	WAYS
};

/* One direction of a channel in memory. */
struct line {
	unsigned char bytes[65536];
	size_t begin, end; /* counted on and on */
	size_t room;       /* how much may lie in it */
	bool gone;         /* who wrote it has gone */
};

/* One end of a channel. */
struct end {
	struct line *in, *out;
	unsigned seed;  /* chooses how much is taken at a time; 0: as much as there is */
	size_t unasked; /* bytes since the last wait: somebody must wait now and then */
	unsigned awake; /* how often a wait did not sleep */
	bool asleep;    /* the last one did, for want of this: */
	short events;
	struct pollfd fds[8];
	size_t fd_count;
	struct rpc_channel channel;
};

/* A stream of the call: who writes it, and who reads it at the other end. */
struct flow {
	int write_fd, read_fd;      /* -1: closed */
	size_t size, written, read; /* bytes; what is written tells where it stands */
	/* Who reads has come to the end; who writes was told that nobody reads. */
	bool ended, refused;
	bool held; /* nobody reads for now */
};

struct relayed {
	struct line lines[2];
	struct end caller_end, service_end;
	struct rpc_session caller_session, service_session;
	struct rpc_relay caller, service;
	struct flow flows[3]; /* STDIN, STDOUT, STDERR */
	unsigned seed;
	int status; /* the service's, told when what it writes has ended */
};

#define STATUS 42

/*
 * Begin one, accepted already, with so many bytes for each stream. `seed` 0: in the largest pieces.
 */
struct relayed *relayed_begin(enum way way, unsigned seed, size_t in, size_t out, size_t err);
/*
 * A round: both relays make a step, and those who read and write do something. Returns whether
 * anything happened.
 */
bool relayed_round(struct relayed *call);
/* To its end. It fails when nothing happens any more. */
void relayed_run(struct relayed *call);
/* As long as something happens. */
void relayed_settle(struct relayed *call);
void relayed_end(struct relayed *call);

/* An end of a channel in memory, for one relay that has no other. */
void end_begin(struct end *end, enum way way, struct line *in, struct line *out);
/* What the other one says. */
void line_put(struct line *line, const void *bytes, size_t size);
void line_put_frame(struct line *line, enum rpc_frame_type type, const void *payload,
		    size_t length);

#endif
