/*
 * The caller's side of a call: what a hostile daemon says, however it comes and whatever the caller
 * does meanwhile.
 *
 * The input is five bytes, how it goes, then what the daemon says, folded as in input.c.
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
#include "text/printable.h"

#include <errno.h>
#include <string.h>

enum option {
	OPTION_STAYS = 4, /* the bits below: the way */
	OPTION_DEAF = 8,
	OPTION_TERMINAL = 16, /* stdout is one */
	OPTION_CLOSES = 32,   /* nobody reads stdout any more at some point */
	OPTION_LARGE = 64,
};

#define SAID_MAX ((size_t)512 << 10)

static struct rpc_relay relay;
static struct rpc_session session;
static struct near near;
static struct far far;
static struct spoken said, heard;

/* Text that a person sees: as clean as the fuzzer's own rules want it, but for lines and tabs. */
static bool is_clean(const uint8_t *text, size_t size)
{
	char *copy = fuzz_exact_copy(text, size);
	bool clean;

	for (size_t i = 0; i < size; i++) {
		if (copy[i] == '\n' || copy[i] == '\r' || copy[i] == '\t')
			copy[i] = ' ';
	}
	clean = fuzz_is_clean_text(copy, size);
	free(copy);
	return clean;
}

/* As pedos-rpc does it: ask, and hear the answer. 0: accepted. 1: refused. */
static int begin(struct rpc_channel *channel)
{
	static const struct rpc_call call = {
		.service = "test.Service+argument", .user = "user", .source = "work"};
	unsigned char bytes[2 * RPC_FRAME_HEADER_SIZE + 4 + RPC_CALL_MAX], payload[RPC_SMALL_MAX];
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);
	char reason[RPC_REASON_MAX + 1];
	struct rpc_refusal refusal;
	struct rpc_reception reception;
	int r;

	length += rpc_frame_put(bytes + length, RPC_CALL, payload, rpc_call_encode(&call, payload));
	rpc_session_begin(&session, RPC_SERVICE);
	r = rpc_send_frames(channel, -1, bytes, length);
	if (r == 0 || r == -ECONNRESET)
		r = rpc_receive_frame(channel, &session, -1, clock_now() + RPC_TIMEOUT, &reception);
	if (r == 0)
		r = rpc_receive_frame(channel, &session, -1, -1, &reception);
	if (r == 0 && reception.frame.type == RPC_ASKING)
		r = rpc_receive_frame(channel, &session, -1, -1, &reception);
	if (r < 0 || reception.frame.type == RPC_ACCEPTED)
		return r;
	rpc_refusal_decode(reception.payload, reception.frame.length, &refusal);
	CHECK(refusal.code == said.status && refusal.length == said.body_size - 4);
	text_printable(refusal.untrusted_reason, refusal.length, reason, sizeof(reason));
	CHECK(strlen(reason) == refusal.length && is_clean((uint8_t *)reason, refusal.length));
	return 1;
}

static void check_begin(int r)
{
	const unsigned answer = 2 + said.asking;
	bool is_answer = said.frames >= answer;

	CHECK(r >= 0 ? is_answer : !is_answer || r == -ECONNRESET);
	CHECK(r < 0 || r == (said.frames == answer && said.over));
	CHECK(r != -EPROTO || said.wrong);
	CHECK(r >= 0 || r == -EPROTO || r == -ECONNRESET);
}

/*
 * What a stream brings is what the daemon said, in order; all that came before a mistake, and all
 * of it at the end.
 */
static void check_plain(int r, const struct near_reader *reader, size_t type)
{
	CHECK(reader->size <= said.streams[type].size);
	CHECK(reader->size == 0 ||
	      memcmp(reader->got, said.streams[type].bytes, reader->size) == 0);
	if (r == 0 || r == -EPROTO)
		CHECK(reader->size == said.streams[type].whole || reader->size >= reader->stop);
}

/*
 * On a terminal, too: the same as if it had come in one piece, and nothing that is dangerous there.
 */
static void check_screened(int r, const struct near_reader *reader, size_t type)
{
	size_t size = said.streams[type].size;
	struct rpc_screen screen = {.count = 0};
	char *text = fuzz_exact_buffer(size + 1 + RPC_SCREEN_EXTRA);
	size_t length =
		size > 0 ? rpc_screen_clean(&screen, (char *)said.streams[type].bytes, size, text)
			 : 0;

	if (said.streams[type].ended)
		length += rpc_screen_clean(&screen, "", 0, text + length);
	CHECK(is_clean(reader->got, reader->size));
	CHECK(reader->size <= length && memcmp(reader->got, text, reader->size) == 0);
	if (r == 0 || r == -EPROTO)
		CHECK(reader->size == length || reader->size >= reader->stop);
	free(text);
}

/* What the daemon hears makes sense, and is what was read here. */
static void check_heard(void)
{
	spoken_read(&heard, SPEAKER_CALLER, far.got, far.got_size);
	CHECK(!heard.wrong && heard.streams[SAYS_STDIN].size <= near.writers[0].size);
	for (size_t k = 0; k < heard.streams[SAYS_STDIN].size; k++)
		CHECK(heard.streams[SAYS_STDIN].bytes[k] == near_byte(k));
	if (heard.streams[SAYS_STDIN].ended && !said.streams[SAYS_STDIN].unwanted)
		CHECK(heard.streams[SAYS_STDIN].size == near.writers[0].size);
	spoken_free(&heard);
}

static void carry(struct rpc_channel *channel, const uint8_t *how)
{
	size_t scale = how[0] & OPTION_LARGE ? 1024 : 1;
	bool is_terminal = how[0] & OPTION_TERMINAL;
	int r;

	far.stays = how[0] & OPTION_STAYS;
	far.deaf = how[0] & OPTION_DEAF;
	near = (struct near){.status = -1};
	MUST(rpc_relay_open(&relay, channel, &session));
	near_writes(&near, &relay, RPC_STDIN, how[2] * scale);
	near_reads(&near, &relay, RPC_STDOUT, is_terminal,
		   how[0] & OPTION_CLOSES ? how[3] * scale + 1 : SIZE_MAX);
	near_reads(&near, &relay, RPC_STDERR, true, SIZE_MAX);
	r = near_carry(&near, &relay, &far);
	CHECK(r == 0 ? relay.over && said.over && relay.exit_status == (int)said.status
		     : r == -EPROTO || r == -ECONNRESET);
	CHECK(r != -EPROTO || said.wrong);
	rpc_relay_close(&relay);
	near_finish(&near);
	(is_terminal ? check_screened : check_plain)(r, &near.readers[0], SAYS_STDOUT);
	check_screened(r, &near.readers[1], SAYS_STDERR);
	far_close(&far, channel);
	check_heard();
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
	spoken_read(&said, SPEAKER_SERVICE, bytes, far.size);
	/*
	 * One who says too little and stays is given up when the time is up; never, where somebody
	 * is asked. That would take its time here, too.
	 */
	far.stays = said.frames >= 2u + said.asking;
	far.alone = true;
	r = begin(&channel);
	far.alone = false;
	check_begin(r);
	if (r == 0)
		carry(&channel, data);
	else
		far_close(&far, &channel);
	spoken_free(&said);
	free(far.got);
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}
