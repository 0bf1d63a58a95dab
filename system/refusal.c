/*
 * Telling a user's desktop that a delivery to them was refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/refusal.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Programs of another version have another tag. */
static const char tag[8] = "Refused1";

struct datagram {
	char tag[sizeof(tag)];
	struct refusal refusal;
};

/* Fill in the address of the socket in this directory. Returns whether it fits. */
static bool address_in(const char *directory, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(address->sun_path, sizeof(address->sun_path), "%s/qfile-notify",
			  directory);
	return *directory == '/' && length < (int)sizeof(address->sun_path);
}

/* The usual directory of a session, for a service that knows none. */
static const char *usual_directory(char path[64])
{
	snprintf(path, 64, "/run/user/%lu", (unsigned long)geteuid());
	return path;
}

/* That of this session. */
static const char *session_directory(char path[64])
{
	const char *named = getenv("XDG_RUNTIME_DIR");

	return named && *named ? named : usual_directory(path);
}

static bool send_to(const struct sockaddr_un *address, const struct datagram *datagram)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ssize_t sent;

	if (fd < 0)
		return false;
	sent = sendto(fd, datagram, sizeof(*datagram), MSG_NOSIGNAL,
		      (const struct sockaddr *)address, sizeof(*address));
	close(fd);
	return sent == (ssize_t)sizeof(*datagram);
}

static bool tell_in(const char *directory, const struct datagram *datagram)
{
	struct sockaddr_un address;

	return address_in(directory, &address) && send_to(&address, datagram);
}

bool refusal_tell(const struct refusal *refusal)
{
	struct datagram datagram = {.refusal = *refusal};
	char path[64];

	memcpy(datagram.tag, tag, sizeof(tag));
	return tell_in(session_directory(path), &datagram) ||
	       tell_in(usual_directory(path), &datagram);
}

int refusal_open(void)
{
	const int on = 1;
	struct sockaddr_un address;
	char path[64];
	int fd, r = 0;

	if (!address_in(session_directory(path), &address))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(address.sun_path) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0 && (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
		       bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0))
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* Is what has come with a datagram the word of the kernel that this user has sent it? */
static bool is_own(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred sender;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&sender, CMSG_DATA(control), sizeof(sender));
	return sender.uid == geteuid();
}

int refusal_take(int fd, struct refusal *untrusted)
{
	struct datagram datagram;
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = &datagram, .iov_len = sizeof(datagram)};
	ssize_t length;

	for (;;) {
		struct msghdr message = {.msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = &control,
					 .msg_controllen = sizeof(control)};

		length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (length != (ssize_t)sizeof(datagram) || message.msg_flags & MSG_TRUNC ||
		    !is_own(&message) || memcmp(datagram.tag, tag, sizeof(tag)) != 0)
			continue;
		*untrusted = datagram.refusal;
		untrusted->source[REFUSAL_SOURCE_SIZE - 1] = '\0';
		untrusted->name[REFUSAL_NAME_SIZE - 1] = '\0';
		return 1;
	}
}
