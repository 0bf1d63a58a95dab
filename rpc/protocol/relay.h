/*
 * The relay: once a call is accepted, it carries the streams between local descriptors and the
 * channel, both ways at once. It never waits for one stream while another can go on, and sleeps
 * while none can.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_RELAY_H
#define RPC_RELAY_H
#include "base/lines.h"
#include "base/screen.h"
#include "protocol/session.h"
#include "transport/transport.h"

#define RPC_RELAY_BUFFER ((size_t)256 << 10)

/* A stream that is read here and goes into the channel. */
struct rpc_input {
	int fd; /* -1: it has ended; the end may still have to be told */
	enum rpc_frame_type type;
	bool own;   /* a pipe that nobody else reads, non-blocking */
	bool told;  /* its end has been sent */
	bool ready; /* something can be read, or its end */
};

/* A stream that comes out of the channel and is written here. */
struct rpc_output {
	int fd; /* -1: it has ended, or nobody reads it */
	enum rpc_frame_type type;
	bool own;      /* a pipe that nobody else writes, non-blocking */
	bool screened; /* a person sees it */
	bool broken;   /* it cannot be written: to be told */
	int error;     /* why, a positive errno; EPIPE: nobody reads it */
	/* How much a write may be without blocking, once poll(2) says that it can be written. */
	size_t chunk;
	struct rpc_screen screen;
	struct rpc_lines lines; /* of a screened one: with whose name they begin, if with any */
};

#define RPC_STREAMS_MAX 2

/* Bytes of a stream that are screened at a time. */
#define RPC_SCREENED_PIECE 2048

struct rpc_relay {
	struct rpc_channel *channel;
	struct rpc_session *session; /* what the peer has sent so far */
	struct rpc_input inputs[RPC_STREAMS_MAX];
	struct rpc_output outputs[RPC_STREAMS_MAX];
	size_t input_count, output_count;
	/*
	 * The service's side: to be sent when the inputs have ended; -1: not yet. The caller's:
	 * what was received; -1: nothing yet.
	 */
	int exit_status;
	bool exiting;            /* the service's side: EXIT is the frame that is being sent */
	bool over;               /* EXIT was sent or received, whole */
	uint64_t received, sent; /* bytes of streams */

	/* The channel to here: a frame's payload is what is left of it, partly in the buffer. */
	unsigned char *in;
	size_t in_begin, in_end;
	struct rpc_frame frame;
	uint32_t frame_left;
	/* The output that must take something first; -1: the channel must bring something. */
	int blocked_on;
	/* Payloads are moved into pipes: read no more of the channel than a header. */
	bool exact;
	char *screened; /* a piece, screened; and what is made of it, to be written */
	char *cleaned;
	size_t cleaned_begin, cleaned_end;

	/*
	 * Here to the channel: a frame's header and payload; or the header only, the payload being
	 * moved out of a pipe.
	 */
	unsigned char *out;
	size_t out_begin, out_end;
	uint32_t moving;
	int moving_from;
	size_t turn; /* the input to look at first */
};

/*
 * Begin. The inputs and outputs are filled by the caller afterwards, with rpc_relay_input() and
 * rpc_relay_output(), which take the descriptors over: they are closed when their stream ends; a
 * screened one with the relay. -ENOMEM.
 */
int rpc_relay_open(struct rpc_relay *relay, struct rpc_channel *channel,
		   struct rpc_session *session);
void rpc_relay_input(struct rpc_relay *relay, enum rpc_frame_type type, int fd, bool own);
void rpc_relay_output(struct rpc_relay *relay, enum rpc_frame_type type, int fd, bool own,
		      bool screened);

/*
 * Have what comes out of the last output, which is screened, written as lines that begin with this
 * name, and each as one: whoever else writes there does so between them.
 */
void rpc_relay_name_lines(struct rpc_relay *relay, const char *name);

/*
 * Carry what can be carried, then sleep until more can, or one of `fds` is ready, or `timeout`
 * milliseconds have passed; `fds` are filled as by poll(2). 0; relay->over says whether it was the
 * end. -ECONNRESET: the other end is gone. -EPROTO: it does not keep to the frames' order.
 */
int rpc_relay_step(struct rpc_relay *relay, struct pollfd *fds, size_t count, int timeout);

/* The service's side: it has ended so; say it when its output has ended, too. */
void rpc_relay_exit(struct rpc_relay *relay, int status);

void rpc_relay_close(struct rpc_relay *relay);

/* ---- Its two halves ---- */

/*
 * Take what the channel brings, until it brings nothing more or an output is full:
 * relay->blocked_on. 1: it was a lot, there may be more at once.
 */
int rpc_relay_receive(struct rpc_relay *relay);
/*
 * Send what the inputs have, until they have nothing more or the channel is full. 1: it was a lot,
 * there may be more at once.
 */
int rpc_relay_send(struct rpc_relay *relay);
/* Is there something to be sent that the channel had no room for? */
bool rpc_relay_sending(const struct rpc_relay *relay);

#endif
