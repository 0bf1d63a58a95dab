/*
 * Time that is played.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "played.h"

#include "unit.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Milliseconds by which a wait that nobody looks at is exceeded, as it may be on any machine: a few
 * of them are all that a session waits for.
 */
#define LATE 20000

/*
 * Milliseconds of real time for who does not hold time up any more: a process that ends closes its
 * files first, and its end is news.
 */
#define ENDING 200

static int requests = -1, replies;
static int64_t now, asked_for; /* milliseconds */
static bool playing, asked, held;

int __real_poll(struct pollfd *pollfds, nfds_t count, int timeout);

/*
 * From the real time on, and not before that of a moment ago: check measures tests by this clock.
 */
static void stand_still(void)
{
	struct timespec time;

	if (playing)
		return;
	clock_gettime(CLOCK_MONOTONIC, &time);
	now = (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000 + 1;
	playing = true;
}

void played_begin(const char *requests_path, const char *replies_path)
{
	stand_still();
	requests = open(requests_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	/* A fifo that is open for both does not wait for the other side to open it. */
	replies = open(replies_path, O_RDWR | O_CLOEXEC);
	if (requests < 0 || replies < 0)
		abort();
}

void played_pass(int milliseconds)
{
	stand_still();
	now += milliseconds;
}

bool played(void)
{
	return playing;
}

void played_now(struct timespec *time)
{
	*time = (struct timespec){.tv_sec = now / 1000, .tv_nsec = now % 1000 * 1000000};
}

static void take_request(void)
{
	struct pollfd pollfd = {.fd = requests, .events = POLLIN};
	char text[32];
	ssize_t n;

	__real_poll(&pollfd, 1, 0);
	held = !(pollfd.revents & POLLHUP);
	if (!(pollfd.revents & POLLIN))
		return;
	n = read(requests, text, sizeof(text) - 1);
	/* One at a time: two who ask at once could get each other's reply. */
	if (asked || n < 2 || memchr(text, '\n', (size_t)n) != text + n - 1)
		abort();
	text[n] = '\0';
	asked = true;
	asked_for = now + atoi(text);
}

static void reply(void)
{
	asked = false;
	if (write(replies, "\n", 1) != 1)
		abort();
}

/* Until there is news, or a request. */
static void wait_really(const struct pollfd *pollfds, nfds_t count)
{
	struct pollfd all[64];

	if (count >= COUNT(all))
		abort();
	memcpy(all, pollfds, count * sizeof(*all));
	all[count] = (struct pollfd){.fd = held ? requests : -1, .events = POLLIN};
	__real_poll(all, count + 1, -1);
}

int played_poll(struct pollfd *pollfds, nfds_t count, int timeout)
{
	const int64_t end = timeout < 0 ? INT64_MAX : now + timeout;

	/*
	 * Programs that were asked to end, and readers, are real, and have the time that they need.
	 */
	if (timeout == 0 || count == 0)
		return __real_poll(pollfds, count, timeout);
	for (nfds_t i = 0; i < count; i++) {
		if (pollfds[i].events & POLLOUT)
			return __real_poll(pollfds, count, -1);
	}
	for (;;) {
		int ready;

		/*
		 * In this order: where there is no news after a request, there is none from before
		 * it.
		 */
		take_request();
		ready = __real_poll(pollfds, count, 0);
		if (ready != 0)
			return ready;
		if (asked && asked_for <= now) {
			reply();
		} else if (asked) {
			/*
			 * All at once: a wait may last longer than it was meant to, but never
			 * beyond what was asked for.
			 */
			now = asked_for;
			if (now >= end)
				return 0;
		} else if (held || timeout < 0) {
			wait_really(pollfds, count);
		} else {
			ready = __real_poll(pollfds, count, ENDING);
			if (ready == 0)
				now = end + LATE;
			return ready;
		}
	}
}
