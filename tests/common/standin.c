/*
 * standin SOCKET [ARGUMENT]...: a program whose part somebody else plays. It hands its stdin,
 * stdout and stderr over to who listens at SOCKET, with its directory and its arguments, and ends
 * as it is told to from there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What ended without saying how. */
#define NOT_TOLD 99

static int give_up(const char *what)
{
	perror(what);
	return NOT_TOLD;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* Every argument with its NUL. */
static size_t join(char *buffer, size_t size, char **arguments)
{
	size_t used = 0;

	for (; *arguments; arguments++) {
		size_t length = strlen(*arguments) + 1;

		if (length > size - used)
			break;
		memcpy(buffer + used, *arguments, length);
		used += length;
	}
	return used;
}

static int hand_over(int channel, char **arguments)
{
	static char text[65536];
	struct iovec part = {text, join(text, sizeof(text), arguments)};
	int fds[3] = {0, 1, 2};
	union {
		char bytes[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(rights), fds, sizeof(fds));
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	uint8_t status;
	int channel;

	if (argc < 2) {
		fputs("usage: standin SOCKET [ARGUMENT]...\n", stderr);
		return 2;
	}
	channel = connect_to(argv[1]);
	if (channel < 0)
		return give_up(argv[1]);
	if (hand_over(channel, argv + 1) < 0)
		return give_up("handing over");
	/* Whether they are open is from now on the other one's business alone. */
	close(0);
	close(1);
	close(2);
	return recv(channel, &status, 1, 0) == 1 ? status : NOT_TOLD;
}
