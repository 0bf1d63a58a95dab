/*
 * vchan-loop send DOMID PATH BYTES RING | vchan-loop receive DOMID PATH BYTES: the yardstick of the
 * speed case. The bare loop over libxenvchan, without any protocol: the sender writes BYTES, from
 * one buffer, into a ring of RING bytes; the receiver reads them and throws them away, then answers
 * with one byte. The sender prints the seconds from its first write to the answer.
 *
 * With "piped" as its last argument, the sender reads the bytes from stdin, and the receiver writes
 * them to stdout: what it costs at least to have a program at each end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <err.h>
#include <libxenvchan.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 18];
static bool piped;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t at_most(size_t bytes)
{
	return bytes < sizeof(buffer) ? bytes : sizeof(buffer);
}

/* How many bytes there are in the buffer, at most so many. */
static size_t get(size_t most)
{
	ssize_t n = piped ? read(STDIN_FILENO, buffer, most) : (ssize_t)most;

	if (n <= 0)
		errx(1, "stdin has ended early");
	return (size_t)n;
}

static void take(size_t size)
{
	for (size_t done = 0; piped && done < size;) {
		ssize_t n = write(STDOUT_FILENO, buffer + done, size - done);

		if (n < 0)
			err(1, "stdout");
		done += (size_t)n;
	}
}

static void send_all(struct libxenvchan *channel, size_t bytes)
{
	double begin;

	while (libxenvchan_is_open(channel) == 2)
		libxenvchan_wait(channel);
	begin = now();
	while (bytes) {
		size_t size = get(at_most(bytes));

		for (size_t done = 0; done < size;) {
			int written = libxenvchan_write(channel, buffer + done, size - done);
			if (written <= 0)
				errx(1, "the receiver went away");
			done += (size_t)written;
		}
		bytes -= size;
	}
	if (libxenvchan_read(channel, buffer, 1) != 1)
		errx(1, "no answer");
	printf("%.6f\n", now() - begin);
}

static void receive_all(struct libxenvchan *channel, size_t bytes)
{
	while (bytes) {
		int got = libxenvchan_read(channel, buffer, at_most(bytes));
		if (got <= 0)
			errx(1, "the sender went away");
		take((size_t)got);
		bytes -= (size_t)got;
	}
	libxenvchan_write(channel, "", 1);
	while (libxenvchan_is_open(channel) == 1)
		libxenvchan_wait(channel);
}

int main(int argc, char **argv)
{
	struct libxenvchan *channel = NULL;

	piped = argc > 5 && strcmp(argv[argc - 1], "piped") == 0;
	argc -= piped;
	bool sends = argc == 6 && strcmp(argv[1], "send") == 0;
	if (!sends && argc != 5)
		errx(2, "usage: vchan-loop send DOMID PATH BYTES RING [piped] | vchan-loop receive "
			"DOMID PATH BYTES [piped]");
	size_t bytes = strtoul(argv[4], NULL, 10), ring = sends ? strtoul(argv[5], NULL, 10) : 0;
	if (sends)
		channel = libxenvchan_server_init(NULL, atoi(argv[2]), argv[3], ring, ring);
	for (int try = 0; !sends && !channel && try < 200; try++) {
		channel = libxenvchan_client_init(NULL, atoi(argv[2]), argv[3]);
		if (!channel)
			usleep(50000);
	}
	if (!channel)
		err(1, "%s", argv[3]);
	channel->blocking = -1; /* one bit, with a sign */
	memset(buffer, 'x', sizeof(buffer));
	(sends ? send_all : receive_all)(channel, bytes);
	libxenvchan_close(channel);
}
