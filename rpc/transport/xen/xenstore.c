/*
 * A connection to xenstore.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/xenstore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

_Static_assert(XENSTORE_VALUE_SIZE == XENSTORE_PAYLOAD_MAX + 1, "");
_Static_assert(XENSTORE_MESSAGE_MAX == XENSTORE_PAYLOAD_MAX + sizeof(struct xsd_sockmsg), "");

/* At most this many events are read at a time, so that a flood of them does not stop all else. */
#define DRAIN_MAX 1024

int xenstore_open(struct xenstore *store,
		  void (*on_event)(void *context, const char *untrusted_path, const char *token),
		  void *context)
{
	store->on_event = on_event;
	store->context = context;
	store->begin = store->end = 0;
	store->fd = open("/dev/xen/xenbus", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (store->fd < 0 && errno == ENOENT)
		store->fd = open("/proc/xen/xenbus", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return store->fd < 0 ? -errno : 0;
}

void xenstore_close(struct xenstore *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
}

/* ---- Messages ---- */

/* Is there a whole message at `begin`? 1 or 0; -EPROTO: no message can be that long. */
static int message_is_whole(const struct xenstore *store, struct xsd_sockmsg *header)
{
	size_t have = store->end - store->begin;

	if (have < sizeof(*header))
		return 0;
	memcpy(header, store->received + store->begin, sizeof(*header));
	if (header->len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	return have >= sizeof(*header) + header->len;
}

enum wait {
	DONT_WAIT,
	WAIT
};

/* Receive a whole message at `begin`. Returns 1; with DONT_WAIT also 0: there is none yet. */
static int receive(struct xenstore *store, struct xsd_sockmsg *header, enum wait wait)
{
	struct pollfd readable = {.fd = store->fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		int whole = message_is_whole(store, header);

		if (whole != 0)
			return whole;
		memmove(store->received, store->received + store->begin, store->end - store->begin);
		store->end -= store->begin;
		store->begin = 0;
		n = read(store->fd, store->received + store->end,
			 sizeof(store->received) - store->end);
		if (n == 0)
			return -ECONNRESET;
		if (n > 0)
			store->end += n;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
		else if (errno == EAGAIN && wait == DONT_WAIT)
			return 0;
		else if (errno == EAGAIN && poll(&readable, 1, -1) < 0 && errno != EINTR)
			return -errno;
	}
}

/*
 * Remove the message at `begin`, and call on_event() if it is an event. The payload of an event is
 * a path and a token, each with a NUL.
 */
static void dispatch(struct xenstore *store, const struct xsd_sockmsg *header)
{
	const char *path = store->received + store->begin + sizeof(*header);
	const char *end = path + header->len, *path_end = memchr(path, '\0', header->len);

	store->begin += sizeof(*header) + header->len;
	if (header->type != XS_WATCH_EVENT || !path_end || path_end + 1 == end || end[-1])
		return;
	if (store->on_event)
		store->on_event(store->context, path, path_end + 1);
}

int xenstore_drain(struct xenstore *store)
{
	struct xsd_sockmsg header;
	int count = 0;

	for (;;) {
		/*
		 * At the bound nothing more is read, but what was read already is handed over:
		 * poll(2) would not report it.
		 */
		int status = count < DRAIN_MAX ? receive(store, &header, DONT_WAIT)
					       : message_is_whole(store, &header);

		if (status <= 0)
			return status < 0 ? status : count;
		dispatch(store, &header);
		count++;
	}
}

/*
 * Receive the answer to a request. Events that were received before it, or together with it, are
 * dispatched. Returns the length of the answer.
 */
static ssize_t answer(struct xenstore *store, struct xsd_sockmsg *header,
		      char value[XENSTORE_VALUE_SIZE])
{
	struct xsd_sockmsg next;
	int status;

	status = receive(store, header, WAIT);
	while (status > 0 && header->type == XS_WATCH_EVENT) {
		dispatch(store, header);
		status = receive(store, header, WAIT);
	}
	if (status < 0)
		return status;
	memcpy(value, store->received + store->begin + sizeof(*header), header->len);
	value[header->len] = '\0';
	store->begin += sizeof(*header) + header->len;
	while (message_is_whole(store, &next) > 0)
		dispatch(store, &next);
	return (ssize_t)header->len;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++) {
		if (strcmp(name, xsd_errors[i].errstring) == 0)
			return xsd_errors[i].errnum;
	}
	return EIO;
}

/*
 * Send a request whose payload is `words` (the last one is NULL), each with a NUL, and receive the
 * answer. Returns its length.
 */
static ssize_t request(struct xenstore *store, unsigned type, uint32_t transaction,
		       const char *const *words, char value[XENSTORE_VALUE_SIZE])
{
	struct xsd_sockmsg header = {.type = type, .tx_id = transaction};
	char message[XENSTORE_PAYLOAD_MAX]; /* the kernel takes no longer one, header included */
	size_t size = sizeof(header);
	ssize_t n;

	for (; *words; words++) {
		size_t length = strlen(*words) + 1;

		if (length > sizeof(message) - size)
			return -E2BIG;
		memcpy(message + size, *words, length);
		size += length;
	}
	if (type == XS_WRITE)
		size--; /* the value is everything up to the end of the message */
	header.len = (uint32_t)(size - sizeof(header));
	memcpy(message, &header, sizeof(header));
	do
		n = write(store->fd, message, size);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)size)
		return n < 0 ? -errno : -EIO;
	n = answer(store, &header, value);
	return n >= 0 && header.type == XS_ERROR ? -error_number(value) : n;
}

/* ---- Requests ---- */

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Send a request whose answer says only that it worked. */
static int order(struct xenstore *store, unsigned type, uint32_t transaction,
		 const char *const *words)
{
	char value[XENSTORE_VALUE_SIZE];
	ssize_t n = request(store, type, transaction, words, value);

	return n < 0 ? (int)n : 0;
}

ssize_t xenstore_read(struct xenstore *store, const char *path, char value[XENSTORE_VALUE_SIZE])
{
	return request(store, XS_READ, 0, WORDS(path), value);
}

ssize_t xenstore_list(struct xenstore *store, const char *path, char names[XENSTORE_VALUE_SIZE])
{
	return request(store, XS_DIRECTORY, 0, WORDS(path), names);
}

int xenstore_remove(struct xenstore *store, const char *path)
{
	return order(store, XS_RM, 0, WORDS(path));
}

int xenstore_write(struct xenstore *store, const char *path, const char *value)
{
	return order(store, XS_WRITE, 0, WORDS(path, value));
}

int xenstore_watch(struct xenstore *store, const char *path, const char *token)
{
	return order(store, XS_WATCH, 0, WORDS(path, token));
}

int xenstore_unwatch(struct xenstore *store, const char *path, const char *token)
{
	return order(store, XS_UNWATCH, 0, WORDS(path, token));
}

/* Within a transaction. 1: the directory was made or changed. 0: it was right already. */
static int share(struct xenstore *store, uint32_t transaction, const char *path, unsigned owner,
		 unsigned reader)
{
	char nobody[16], read[16], value[XENSTORE_VALUE_SIZE];
	ssize_t n;
	int status;

	/* The first entry is the owner, with the permissions of everybody who has no entry. */
	snprintf(nobody, sizeof(nobody), "n%u", owner);
	snprintf(read, sizeof(read), "r%u", reader);
	n = request(store, XS_GET_PERMS, transaction, WORDS(path), value);
	if (n == (ssize_t)(strlen(nobody) + 1 + strlen(read) + 1) && strcmp(value, nobody) == 0 &&
	    strcmp(value + strlen(nobody) + 1, read) == 0)
		return 0;
	status = order(store, XS_MKDIR, transaction, WORDS(path));
	if (status == 0)
		status = order(store, XS_SET_PERMS, transaction, WORDS(path, nobody, read));
	return status < 0 ? status : 1;
}

/* Within a transaction. 1: the node had this value, and was removed. 0: it had not. */
static int take(struct xenstore *store, uint32_t transaction, const char *path,
		const char *expected)
{
	char value[XENSTORE_VALUE_SIZE];
	ssize_t n = request(store, XS_READ, transaction, WORDS(path), value);
	int status;

	if (n == -ENOENT || n == -EACCES) /* where there is nothing, it may not even be read */
		return 0;
	if (n < 0 || (size_t)n != strlen(expected) || strcmp(value, expected) != 0)
		return n < 0 ? (int)n : 0;
	status = order(store, XS_RM, transaction, WORDS(path));
	return status < 0 ? status : 1;
}

static int start_transaction(struct xenstore *store, uint32_t *transaction)
{
	char value[XENSTORE_VALUE_SIZE];
	ssize_t n = request(store, XS_TRANSACTION_START, 0, WORDS(""), value);

	*transaction = n < 0 ? 0 : (uint32_t)strtoul(value, NULL, 10);
	return n < 0 ? (int)n : 0;
}

/* `status`: 1, if something was changed. -EAGAIN: somebody else has changed the same meanwhile. */
static int end_transaction(struct xenstore *store, uint32_t transaction, int status)
{
	int ended = order(store, XS_TRANSACTION_END, transaction, WORDS(status == 1 ? "T" : "F"));

	return status == 1 && ended < 0 ? ended : status;
}

int xenstore_share(struct xenstore *store, const char *path, unsigned owner, unsigned reader)
{
	uint32_t transaction;
	int status;

	do {
		status = start_transaction(store, &transaction);
		if (status < 0)
			return status;
		status = share(store, transaction, path, owner, reader);
		status = end_transaction(store, transaction, status);
	} while (status == -EAGAIN);
	return status < 0 ? status : 0;
}

int xenstore_take(struct xenstore *store, const char *path, const char *value)
{
	uint32_t transaction;
	int status;

	do {
		status = start_transaction(store, &transaction);
		if (status < 0)
			return status;
		status = take(store, transaction, path, value);
		status = end_transaction(store, transaction, status);
	} while (status == -EAGAIN);
	return status;
}
