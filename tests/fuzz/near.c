/*
 * The local side of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "near.h"

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Steps that may come to nothing: what poll(2) said is acted upon in the next. */
#define SPINS_MAX 16

uint8_t near_byte(size_t position)
{
	return (uint8_t)(position * 7 + position / 251);
}

void near_reads(struct near *near, struct rpc_relay *relay, enum rpc_frame_type type, bool screened,
		size_t stop)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	near->readers[near->reader_count++] = (struct near_reader){
		.fd = fds[0], .got = fuzz_exact_buffer(NEAR_MAX), .stop = stop};
	rpc_relay_output(relay, type, fds[1], screened ? RPC_SCREENED : RPC_OWN);
}

void near_writes(struct near *near, struct rpc_relay *relay, enum rpc_frame_type type, size_t size)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	near->writers[near->writer_count++] = (struct near_writer){.fd = fds[1], .end = size};
	rpc_relay_input(relay, type, fds[0], RPC_OWN);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Returns whether it did something. */
static bool read_some(struct near_reader *reader, size_t most)
{
	ssize_t n;

	if (reader->fd < 0)
		return false;
	n = read(reader->fd, reader->got + reader->size,
		 most < NEAR_MAX - reader->size ? most : NEAR_MAX - reader->size);
	if (n < 0)
		return false;
	reader->size += (size_t)n;
	reader->ended = n == 0;
	if (n == 0 || reader->size >= reader->stop)
		shut(&reader->fd);
	return true;
}

static bool write_some(struct near_writer *writer, size_t most)
{
	static uint8_t bytes[1 << 17];
	size_t size = writer->end - writer->size < most ? writer->end - writer->size : most;
	ssize_t n;

	if (writer->fd < 0)
		return false;
	for (size_t i = 0; i < size; i++)
		bytes[i] = near_byte(writer->size + i);
	n = write(writer->fd, bytes, size);
	if (n < 0 && errno == EAGAIN)
		return false;
	writer->size += n > 0 ? (size_t)n : 0;
	if (n < 0 || writer->size == writer->end)
		shut(&writer->fd);
	return true;
}

static bool reads_still(const struct near *near)
{
	for (size_t i = 0; i < near->reader_count; i++) {
		if (near->readers[i].fd >= 0)
			return true;
	}
	return false;
}

static void end(struct near *near, struct rpc_relay *relay)
{
	for (size_t i = 0; i < near->writer_count; i++)
		shut(&near->writers[i].fd);
	if (near->status >= 0)
		rpc_relay_exit(relay, near->status);
	near->status = -1;
}

/* The local side does something, or something else. Returns whether it did. */
static bool act(struct near *near, struct rpc_relay *relay, struct far *far)
{
	bool did = false;

	for (size_t i = 0; i < near->reader_count; i++)
		did |= read_some(&near->readers[i],
				 1 + far_noise(far, (size_t)1 << far_noise(far, 18)));
	if (near->waits && reads_still(near))
		return did;
	for (size_t i = 0; i < near->writer_count; i++)
		did |= write_some(&near->writers[i],
				  1 + far_noise(far, (size_t)1 << far_noise(far, 17)));
	for (size_t i = 0; i < near->writer_count; i++) {
		if (near->writers[i].fd >= 0)
			return did;
	}
	did |= near->status >= 0;
	end(near, relay);
	return did;
}

/*
 * Nobody has anything to do: then the service is killed, and then the other end hangs up. Returns
 * whether there was something left.
 */
static bool stir(struct near *near, struct rpc_relay *relay, struct far *far)
{
	if (!near->killed) {
		near->killed = true;
		end(near, relay);
		return true;
	}
	if (!far->stays && !far->deaf)
		return false;
	far->stays = far->deaf = false;
	return true;
}

/* What a step can change. Unsigned, and only to be compared. */
static size_t state_of(const struct rpc_relay *relay, const struct far *far)
{
	size_t state = far->sent + far->got_size + relay->received + relay->sent +
		       relay->session->ended + relay->session->unwanted;

	for (size_t i = 0; i < relay->input_count; i++)
		state += relay->inputs[i].told;
	for (size_t i = 0; i < relay->output_count; i++)
		state += relay->outputs[i].fd < 0;
	return state + relay->cleaned_begin + relay->over;
}

int near_carry(struct near *near, struct rpc_relay *relay, struct far *far)
{
	struct pollfd none;
	unsigned spins = 0;

	for (;;) {
		size_t before = state_of(relay, far);
		int r = rpc_relay_step(relay, &none, 0, -1);

		if (r < 0 || relay->over)
			return r;
		if (far->ready)
			CHECK(++spins < SPINS_MAX);
		if (state_of(relay, far) != before || act(near, relay, far) ||
		    (!far->ready && stir(near, relay, far)))
			spins = 0;
		else
			CHECK(far->ready);
	}
}

void near_finish(struct near *near)
{
	for (size_t i = 0; i < near->reader_count; i++) {
		while (read_some(&near->readers[i], NEAR_MAX))
			;
	}
}

void near_close(struct near *near)
{
	for (size_t i = 0; i < near->reader_count; i++) {
		shut(&near->readers[i].fd);
		free(near->readers[i].got);
	}
	for (size_t i = 0; i < near->writer_count; i++)
		shut(&near->writers[i].fd);
}
