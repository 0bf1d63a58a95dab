/*
 * socket-serve SOCKET PROGRAM [ARGUMENT...]: runs PROGRAM with the first connection to the Unix
 * socket SOCKET as its stdin and stdout. vchan-socket-proxy, with which pedos-rpc is compared,
 * needs it on the receiving side.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (argc < 3)
		errx(2, "usage: socket-serve SOCKET PROGRAM [ARGUMENT...]");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1) < 0)
		err(1, "%s", argv[1]);
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0 || dup2(connection, 0) < 0 || dup2(connection, 1) < 0)
		err(1, "%s", argv[1]);
	execvp(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
