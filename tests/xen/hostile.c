/*
 * hostile: a guest that does not keep to the rules, on the raw rings of libxenvchan. RING is the
 * path of a call in xenstore.
 *
 *   hostile call DOMID RING SERVICE      call even if dom0 does not allow it, and print the
 *                                        beginning of the answer
 *   hostile silent DOMID RING            make a call, and send nothing
 *   hostile hold DOMID RING              make a call that is served and never ends
 *   hostile garbage DOMID RING           send meaningless bytes for as long as somebody reads
 *   hostile huge DOMID RING              send a frame that claims the largest possible length
 *   hostile indices DOMID RING           make a call, then write impossible indices to the rings
 *   hostile answer DOMID DIRECTORY KIND  answer the next call that DOMID makes in DIRECTORY as a
 *                                        service that sends KIND: garbage, huge, indices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <err.h>
#include <libxenvchan.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#define RING_SIZE 65536
#define TRIES     2000

static void put_number(unsigned char *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
}

static void send_frame(struct libxenvchan *channel, uint32_t type, const void *payload,
		       uint32_t length)
{
	unsigned char bytes[512];

	put_number(bytes, type);
	put_number(bytes + 4, length);
	memcpy(bytes + 8, payload, length);
	libxenvchan_write(channel, bytes, 8 + length);
}

/* What an honest caller sends first. */
static void send_call(struct libxenvchan *channel, const char *service)
{
	unsigned char version[4];
	char call[256];
	int length = snprintf(call, sizeof(call), "%s%c%c", service, 0, 0) + 1;

	put_number(version, 1);
	send_frame(channel, 1, version, sizeof(version));
	send_frame(channel, 2, call, (uint32_t)length);
}

static void send_garbage(struct libxenvchan *channel)
{
	char bytes[4096];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7919 >> 3);
	while (libxenvchan_write(channel, bytes, sizeof(bytes)) > 0)
		;
}

static void send_huge(struct libxenvchan *channel)
{
	unsigned char bytes[4096] = {0};

	put_number(bytes, 5);
	put_number(bytes + 4, UINT32_MAX);
	while (libxenvchan_write(channel, bytes, sizeof(bytes)) > 0)
		;
}

/* Both ends can write the indices of both. */
static void spoil_indices(struct libxenvchan *channel)
{
	for (uint32_t i = 0; libxenvchan_is_open(channel) == 1 && i < 2000; i++) {
		channel->write.shr->prod = i * 0x9e3779b1;
		channel->write.shr->cons = ~i * 0x85ebca6b;
		channel->read.shr->prod = i % 2 ? 0x80000000 : i;
		channel->read.shr->cons = i % 3 ? 0xffffffff : 0;
		xenevtchn_notify(channel->event, channel->event_port);
		usleep(1000);
	}
}

static void send_kind(struct libxenvchan *channel, const char *kind)
{
	if (strcmp(kind, "garbage") == 0)
		send_garbage(channel);
	else if (strcmp(kind, "huge") == 0)
		send_huge(channel);
	else if (strcmp(kind, "indices") == 0)
		spoil_indices(channel);
}

/* Print the HELLO of the other end, and the header of its next frame. */
static void print_answer(struct libxenvchan *channel)
{
	unsigned char byte;

	for (int i = 0; i < 8 + 4 + 8 && libxenvchan_read(channel, &byte, 1) == 1; i++)
		printf("%02x", byte);
	putchar('\n');
}

static void wait_for(struct libxenvchan *channel)
{
	while (libxenvchan_is_open(channel) == 2)
		libxenvchan_wait(channel);
	fputs("connected\n", stderr);
}

static int call(const char *kind, int domid, const char *ring, const char *service)
{
	struct libxenvchan *channel = NULL;

	/*
	 * xenstore lets a guest have ten transactions at a time: of many at once, some have to try
	 * again.
	 */
	for (int try = 0; try < (strcmp(kind, "call") == 0 ? 1 : TRIES) && !channel; try++) {
		usleep(try ? 50000 : 0);
		channel = libxenvchan_server_init(NULL, domid, ring, RING_SIZE, RING_SIZE);
	}
	if (!channel)
		err(1, "%s", ring);
	channel->blocking = -1; /* one bit, with a sign */
	wait_for(channel);
	if (strcmp(kind, "silent") == 0)
		pause();
	if (strcmp(kind, "call") == 0 || strcmp(kind, "indices") == 0)
		send_call(channel, service);
	if (strcmp(kind, "hold") == 0) {
		send_call(channel, "test.wait+100000");
		pause();
	}
	if (strcmp(kind, "call") == 0)
		print_answer(channel);
	send_kind(channel, kind);
	libxenvchan_close(channel);
	return 0;
}

/* The name of a call in a directory of xenstore. NULL: there is none yet. */
static char *find_call(struct xs_handle *store, const char *directory)
{
	unsigned count = 0;
	char **names = xs_directory(store, XBT_NULL, directory, &count),
	     *name = names && count ? strdup(names[0]) : NULL;

	free(names);
	return name;
}

static int answer(int domid, const char *directory, const char *kind)
{
	struct xs_handle *store = xs_open(0);
	struct libxenvchan *channel = NULL;
	char ring[256], *name;

	while (!channel) {
		name = find_call(store, directory);
		if (name &&
		    (size_t)snprintf(ring, sizeof(ring), "%s/%s", directory, name) < sizeof(ring))
			channel = libxenvchan_client_init(NULL, domid, ring);
		free(name);
		usleep(10000);
	}
	channel->blocking = -1;
	fputs("connected\n", stderr);
	send_kind(channel, kind);
	libxenvchan_close(channel);
	xs_close(store);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "answer") == 0)
		return answer(atoi(argv[2]), argv[3], argv[4]);
	if (argc == 4 || (argc == 5 && strcmp(argv[1], "call") == 0))
		return call(argv[1], atoi(argv[2]), argv[3], argc == 5 ? argv[4] : "test.echo");
	errx(2, "usage: hostile call DOMID RING SERVICE | silent|hold|garbage|huge|indices DOMID "
		"RING | answer DOMID DIRECTORY KIND");
}
