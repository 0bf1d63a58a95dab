/*
 * vchan-loop send DOMID PATH BYTES RING | vchan-loop receive DOMID PATH BYTES: the yardstick of the
 * speed case. The bare loop over libxenvchan, without any protocol: the sender writes BYTES, from
 * one buffer, into a ring of RING bytes; the receiver reads them and throws them away, then answers
 * with one byte. The sender prints the seconds from its first write to the answer.
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

static void send_all(struct libxenvchan *channel, size_t bytes)
{
	double begin;

	while (libxenvchan_is_open(channel) == 2)
		libxenvchan_wait(channel);
	begin = now();
	while (bytes) {
		int written = libxenvchan_write(channel, buffer, at_most(bytes));
		if (written <= 0)
			errx(1, "the receiver went away");
		bytes -= (size_t)written;
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
		bytes -= (size_t)got;
	}
	libxenvchan_write(channel, "", 1);
	while (libxenvchan_is_open(channel) == 1)
		libxenvchan_wait(channel);
}

int main(int argc, char **argv)
{
	bool sends = argc == 6 && strcmp(argv[1], "send") == 0;
	struct libxenvchan *channel = NULL;

	if (!sends && argc != 5)
		errx(2, "usage: vchan-loop send DOMID PATH BYTES RING | vchan-loop receive DOMID "
			"PATH BYTES");
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
