/*
 * A descriptor that yields bytes of memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "input.h"

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define FOLD 0xfe /* stands in no UTF-8 text */
#define KIB  1024

/*
 * The linker's --wrap: calls of read() come to __wrap_read(), and calls of __real_read() go to
 * read().
 */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __real_poll(struct pollfd *pollfds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *pollfds, nfds_t count, int timeout);

static struct input input;
static int input_fd = -1;

int input_begin(const struct input *begin)
{
	input = *begin;
	input.noise = 2654435761u * (input.cuts + 1u);
	if (input_fd < 0)
		MUST(input_fd = open("/dev/null", O_RDWR | O_CLOEXEC));
	return input_fd;
}

static uint32_t noise(void)
{
	input.noise = input.noise * 1664525 + 1013904223;
	return input.noise >> 8;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	size_t left = input.size - input.pos;

	if (fd < 0 || fd != input_fd)
		return __real_read(fd, buffer, size);
	/* Every other way to cut has interruptions in it. */
	if (input.cuts & 1 && noise() % 8 == 0) {
		errno = noise() % 2 ? EINTR : EAGAIN;
		return -1;
	}
	if (left == 0 && input.reset) {
		errno = ECONNRESET;
		return -1;
	}
	if (input.pos < input.pause && input.pause - input.pos < left)
		left = input.pause - input.pos;
	if (size > left)
		size = left;
	if (input.cuts && size > 0) {
		size_t largest = (size_t)1 << (input.cuts >> 1) % 18, piece;

		/* A megabyte in single bytes would take a second. */
		if (largest < input.size / 256)
			largest = input.size / 256;
		piece = 1 + noise() % largest;
		size = piece < size ? piece : size;
	}
	memcpy(buffer, input.bytes + input.pos, size);
	input.pos += size;
	return (ssize_t)size;
}

/*
 * The other descriptors of a set are what they are; ours is ready, unless the input wants it
 * otherwise.
 */
int __wrap_poll(struct pollfd *pollfds, nfds_t count, int timeout)
{
	struct pollfd *ours = NULL;
	int ready;

	for (nfds_t i = 0; i < count; i++) {
		if (input_fd >= 0 && pollfds[i].fd == input_fd && pollfds[i].events & POLLIN)
			ours = &pollfds[i];
	}
	if (!ours)
		return __real_poll(pollfds, count, timeout);
	if (input.cuts & 1 && noise() % 8 == 0) {
		errno = EINTR;
		return -1;
	}
	ours->fd = -1; /* is passed over, and gets no events */
	ready = __real_poll(pollfds, count, 0);
	ours->fd = input_fd;
	if ((ready > 0 && input.late) || (timeout >= 0 && input.pos == input.pause))
		return ready;
	ours->revents = POLLIN;
	return ready + 1;
}

size_t input_unfold(const uint8_t *data, size_t size, uint8_t *bytes, size_t max)
{
	size_t used = 0;

	for (size_t i = 0; i < size && used < max; i++) {
		size_t run = 1;

		if (data[i] == FOLD && size - i > 2) {
			run = data[i + 1] ? data[i + 1] * KIB : 1;
			i += 2;
		}
		if (run > max - used)
			run = max - used;
		memset(bytes + used, data[i], run);
		used += run;
	}
	return used;
}

size_t input_fold(const uint8_t *bytes, size_t size, uint8_t *data, size_t max)
{
	size_t used = 0;

	for (size_t i = 0, run; i < size; i += run) {
		for (run = 1; run < size - i && run < 255 * KIB && bytes[i + run] == bytes[i];)
			run++;
		if (max - used < 3)
			return 0;
		if (run >= KIB || bytes[i] == FOLD) {
			run = run < KIB ? 1 : run - run % KIB;
			data[used++] = FOLD;
			data[used++] = (uint8_t)(run / KIB);
		} else {
			run = 1;
		}
		data[used++] = bytes[i];
	}
	return used;
}
