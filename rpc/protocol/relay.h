/*
 * The relay: once a call is accepted, it carries the streams between local descriptors and the
 * channel, in both directions at once. It never waits for one stream while another can proceed, and
 * sleeps while none can.
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
	int fd; /* -1: it has ended, but its end may not have been sent yet */
	enum rpc_frame_type type;
	bool own;   /* RPC_OWN */
	bool told;  /* its end has been sent */
	bool ready; /* poll(2) has reported something to read, or the end */
	int error;  /* why it cannot be read, a positive errno: the other end is told of no end */
};

/* A stream that comes out of the channel and is written here. */
struct rpc_output {
	int fd; /* -1: it has ended, or nobody reads it */
	enum rpc_frame_type type;
	bool own;      /* RPC_OWN */
	bool screened; /* RPC_SCREENED */
	bool broken;   /* it cannot be written any more, and the other end has not been told yet */
	int error;     /* why, a positive errno; EPIPE: nobody reads it */
	size_t chunk;  /* how much can be written without blocking once poll(2) reports POLLOUT */
	struct rpc_screen screen;
	struct rpc_lines lines; /* of a screened one: with whose name they begin, if with any */
};

#define RPC_STREAMS_MAX 2

/* Bytes of a stream that are screened at a time. */
#define RPC_SCREENED_PIECE 2048

/* What is special about a descriptor that is handed to the relay: bits. */
enum {
	RPC_OWN = 1,     /* a pipe whose end here nobody else uses: made non-blocking */
	RPC_SCREENED = 2 /* a person sees it: text that could control a terminal is replaced */
};

struct rpc_relay {
	struct rpc_channel *channel;
	struct rpc_session *session; /* what the peer has sent so far */
	struct rpc_input inputs[RPC_STREAMS_MAX];
	struct rpc_output outputs[RPC_STREAMS_MAX];
	size_t input_count, output_count;
	/*
	 * On the service's side: the status to send when the inputs have ended. On the caller's:
	 * the status that was received. -1: there is none yet.
	 */
	int exit_status;
	bool exiting;            /* on the service's side: EXIT is being sent */
	bool over;               /* EXIT was completely sent or received */
	uint64_t received, sent; /* bytes of streams */

	/* From the channel. in[in_begin] to in[in_end] has been received and not been used yet. */
	unsigned char *in;
	size_t in_begin, in_end;
	struct rpc_frame frame;
	uint32_t frame_left; /* bytes of the frame's payload that have not been used yet */
	/* The output that must be written before anything else; -1: none, more must come in. */
	int blocked_on;
	/* Payloads are moved straight into pipes: only headers are read from the channel. */
	bool exact;
	char *screened; /* a piece, screened; and what is made of it, to be written */
	char *cleaned;
	size_t cleaned_begin, cleaned_end;

	/* To the channel: a frame; or only its header, if the payload is moved out of a pipe. */
	unsigned char *out;
	size_t out_begin, out_end;
	uint32_t moving; /* bytes of payload that must still be moved out of a pipe */
	int moving_from; /* that pipe */
	size_t turn;     /* the input to look at first */
};

/*
 * Open a relay. Then name its descriptors with rpc_relay_input() and rpc_relay_output(). The relay
 * owns them: it closes each when its stream ends, and a screened one when the relay is closed.
 * 0 or -ENOMEM.
 */
int rpc_relay_open(struct rpc_relay *relay, struct rpc_channel *channel,
		   struct rpc_session *session);
void rpc_relay_input(struct rpc_relay *relay, enum rpc_frame_type type, int fd, unsigned flags);
void rpc_relay_output(struct rpc_relay *relay, enum rpc_frame_type type, int fd, unsigned flags);

/*
 * Have what comes out of the last output, which is screened, written as lines that begin with this
 * name, and each as one: whoever else writes there does so between them. `drawn_over`: where that
 * is a terminal, each takes the place of what somebody else has drawn on its line, such as a
 * progress.
 */
void rpc_relay_name_lines(struct rpc_relay *relay, const char *name, bool drawn_over);

/*
 * Carry what can be carried, then sleep until there is more, or one of `fds` is ready, or `timeout`
 * milliseconds have passed (-1: no timeout). Fills `fds` as poll(2) does.
 * 0: relay->over says whether the call has ended.
 * -ECONNRESET: the other end is gone.
 * -EPROTO: the other end sent a wrong frame, or one that it may not send now.
 * Any other negative errno: carrying is not possible, such as where an input cannot be read.
 */
int rpc_relay_step(struct rpc_relay *relay, struct pollfd *fds, size_t count, int timeout);

/* On the service's side: send this status when the service's output has ended, too. */
void rpc_relay_exit(struct rpc_relay *relay, int status);

void rpc_relay_close(struct rpc_relay *relay);

/* ---- Its two halves ---- */

/*
 * Receive until nothing more comes, or an output is full (relay->blocked_on). 1: there may be more
 * at once, but the other direction should have a turn first.
 */
int rpc_relay_receive(struct rpc_relay *relay);
/*
 * Send until the inputs have nothing more, or the channel is full. 1: there may be more at once,
 * but the other direction should have a turn first.
 */
int rpc_relay_send(struct rpc_relay *relay);
/* Is there something left to send for which the channel had no room? */
bool rpc_relay_sending(const struct rpc_relay *relay);

#endif
