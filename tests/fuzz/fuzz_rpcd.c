/*
 * The service's side of a call: what a hostile caller says, however it comes and whatever the
 * service does meanwhile.
 *
 * The input is five bytes, how it goes, then what the caller says, folded as in input.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "far.h"
#include "fuzz.h"
#include "input.h"
#include "near.h"
#include "spoken.h"

#include "protocol/exchange.h"
#include "system/clock.h"

#include <errno.h>
#include <string.h>

enum option {
	OPTION_STAYS = 4, /* the bits below: the way */
	OPTION_DEAF = 8,
	OPTION_WAITS = 16,  /* the service reads everything before it writes */
	OPTION_CLOSES = 32, /* it stops reading at some point */
	OPTION_LARGE = 64,
};

#define SAID_MAX ((size_t)512 << 10)
#define STATUS   42

static struct rpc_relay relay;
static struct rpc_session session;
static struct near near;
static struct far far;
static struct spoken said, heard;

/* As pedos-rpcd does it: greet, and hear what is wanted. */
static int begin(struct rpc_channel *channel)
{
	unsigned char bytes[2 * RPC_FRAME_HEADER_SIZE + 4];
	struct rpc_reception reception;
	struct rpc_call call;
	int r;

	rpc_session_begin(&session, RPC_CALLER);
	r = rpc_send_frames(channel, -1, bytes,
			    rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION));
	if (r == 0)
		r = rpc_receive_frame(channel, &session, -1, clock_now() + RPC_TIMEOUT, &reception);
	if (r == 0)
		r = rpc_receive_frame(channel, &session, -1, clock_now() + RPC_TIMEOUT, &reception);
	if (r == 0)
		r = rpc_call_decode(reception.frame.type, reception.payload, reception.frame.length,
				    &call);
	if (r == 0 && reception.frame.type == RPC_QUESTION)
		return 1;
	return r == 0 ? rpc_send_frames(channel, -1, bytes,
					rpc_frame_put(bytes, RPC_ACCEPTED, NULL, 0))
		      : r;
}

/* A call is taken for one if it is one. */
static void check_begin(int r)
{
	const uint8_t *body = far.bytes + said.body;
	bool of_any = said.asks && !*body, is_call;

	CHECK(r < 0 || said.asks == (r == 1));
	if (of_any)
		return;
	is_call = said.frames >= 2 && spoken_call_ok(body, said.body_size);

	/* One who says it and hangs up may be gone before they are heard. */
	CHECK(r >= 0 ? is_call : !is_call || r == -ECONNRESET);
	CHECK(r != -EPROTO || said.wrong || said.frames >= 2);
	CHECK(r >= 0 || r == -EPROTO || r == -ECONNRESET);
}

/*
 * What the service got is what the caller said, in order; all that came before a mistake, and all
 * of it when the service read to its end.
 */
static void check_stdin(int r, bool closes)
{
	const struct near_reader *reader = &near.readers[0];
	const uint8_t *bytes = said.streams[SAYS_STDIN].bytes;
	size_t whole = said.streams[SAYS_STDIN].whole, size = said.streams[SAYS_STDIN].size;

	CHECK(reader->size <= size &&
	      (reader->size == 0 || memcmp(reader->got, bytes, reader->size) == 0));
	CHECK(r != -EPROTO || said.wrong);
	if (r == -EPROTO)
		CHECK(reader->size == whole || (closes && reader->size >= reader->stop));
	if (r == 0 && near.waits && reader->ended && !near.killed)
		CHECK(said.streams[SAYS_STDIN].ended && reader->size == whole);
}

/* What the caller hears makes sense, and is what the service wrote. */
static void check_heard(bool over, bool hung_up)
{
	spoken_read(&heard, SPEAKER_SERVICE, far.got, far.got_size);
	CHECK(!heard.wrong);
	for (size_t i = 0; i < near.writer_count; i++) {
		size_t type = SAYS_STDOUT + i;

		CHECK(heard.streams[type].size <= near.writers[i].size);
		for (size_t k = 0; k < heard.streams[type].size; k++)
			CHECK(heard.streams[type].bytes[k] == near_byte(k));
		if (over && !hung_up && far.got_size < FAR_GOT_MAX && !said.streams[type].unwanted)
			CHECK(heard.streams[type].ended &&
			      heard.streams[type].size == near.writers[i].size);
	}
	if (over && !hung_up && far.got_size < FAR_GOT_MAX)
		CHECK(heard.over && heard.status == STATUS && heard.size == far.got_size);
	spoken_free(&heard);
}

static void serve(struct rpc_channel *channel, const uint8_t *how)
{
	size_t scale = how[0] & OPTION_LARGE ? 1024 : 1;
	bool hung_up;
	int r;

	far.stays = how[0] & OPTION_STAYS;
	far.deaf = how[0] & OPTION_DEAF;
	near = (struct near){.status = STATUS, .waits = how[0] & OPTION_WAITS};
	MUST(rpc_relay_open(&relay, channel, &session));
	near_reads(&near, &relay, RPC_STDIN, false,
		   how[0] & OPTION_CLOSES ? how[4] * scale + 1 : SIZE_MAX);
	near_writes(&near, &relay, RPC_STDOUT, how[2] * scale);
	near_writes(&near, &relay, RPC_STDERR, how[3] * scale);
	r = near_carry(&near, &relay, &far);
	CHECK(r == 0 ? relay.over : r == -EPROTO || r == -ECONNRESET);
	rpc_relay_close(&relay);
	near_finish(&near);
	check_stdin(r, how[0] & OPTION_CLOSES);
	hung_up = channel->fd >= 0 && far.fd < 0;
	far_close(&far, channel);
	check_heard(r == 0, hung_up);
	near_close(&near);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[SAID_MAX];
	struct rpc_channel channel;
	unsigned descriptors = fuzz_open_descriptors();
	int r;

	if (size < 5)
		return 0;
	far_open(&far, &channel, data[0] % 4 % FAR_WAYS, bytes,
		 input_unfold(data + 5, size - 5, bytes, sizeof(bytes)), data[1]);
	spoken_read(&said, SPEAKER_CALLER, bytes, far.size);
	/*
	 * One who says too little and stays is sent away when the time is up: that would take its
	 * time here, too.
	 */
	far.stays = said.frames >= 2;
	far.alone = true;
	r = begin(&channel);
	far.alone = false;
	check_begin(r);
	if (r == 0)
		serve(&channel, data);
	else
		far_close(&far, &channel);
	spoken_free(&said);
	free(far.got);
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}
