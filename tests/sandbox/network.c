/*
 * Sockets of this machine, and the network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* `name`: a path; or, with a '\0' in place of its first byte, a name in the kernel only. */
static int connect_unix(const char *name, bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t length = strlen(name) + (abstract ? 1 : 0);

	if (fd < 0)
		return errno;
	memcpy(address.sun_path + (abstract ? 1 : 0), name, strlen(name));
	return why(connect(fd, (struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)));
}

static int reach_socket(void)
{
	return connect_unix(scene.socket, false);
}

static int reach_bus(void)
{
	return connect_unix(scene.bus, false);
}

static int reach_wayland(void)
{
	return connect_unix(scene.wayland, false);
}

static int reach_pulse(void)
{
	return connect_unix(scene.pulse, false);
}

static int reach_screen(void)
{
	return connect_unix(scene.screen, true);
}

static int list_sockets(void)
{
	return find_in("/proc/net/unix", scene.screen);
}

static int reach_inet(const char *host, int port, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		return errno;
	inet_pton(AF_INET, host, &address.sin_addr);
	return why(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int reach_tcp(void)
{
	return reach_inet("127.0.0.1", scene.port, SOCK_STREAM);
}

/* Nothing is sent by this: it only says whether there is a way. */
static int find_route(void)
{
	return reach_inet("192.0.2.1", 9, SOCK_DGRAM);
}

/* Is there another one than the loopback's? */
static int find_interface(void)
{
	FILE *file = fopen("/proc/net/dev", "r");
	char line[512];
	int lines = 0;

	while (file && fgets(line, sizeof(line), file))
		lines += strstr(line, " lo:") == NULL;
	return lines > 2 ? ESCAPED : ENODEV;
}

static int use_vsock(void)
{
	return why(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int use_packets(void)
{
	return why(socket(AF_PACKET, SOCK_RAW, 0));
}

static int use_ciphers(void)
{
	return why(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int use_raw(void)
{
	return why(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

/* Numbers of families beyond all that there are for programs. */
static int use_any_family(void)
{
	static const int known[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW};

	for (int family = 0; family < 64; family++) {
		bool skip = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			skip |= known[i] == family;
		for (size_t i = 0; !skip && i < sizeof(types) / sizeof(*types); i++) {
			if (socket(family, types[i], 0) >= 0)
				return ESCAPED;
		}
	}
	return EAFNOSUPPORT;
}

const struct attempt network_attempts[] = {
	{"socket", "connect to a socket of the user", reach_socket, NULL},
	{"bus", "connect to the session bus", reach_bus, NULL},
	{"wayland", "connect to the Wayland compositor", reach_wayland, NULL},
	{"sound", "connect to the sound server", reach_pulse, NULL},
	{"screen", "connect to an X server's abstract socket", reach_screen, NULL},
	{"list-sockets", "list the sockets of this machine", list_sockets, NULL},
	{"tcp", "connect to a TCP port of this machine", reach_tcp, NULL},
	{"route", "find a way to other machines", find_route, "not every machine has one"},
	{"interface", "find a network interface", find_interface, "not every machine has one"},
	{"vsock", "use a socket to the hypervisor", use_vsock, SETTING},
	{"packet", "use raw packets", use_packets, ADMIN},
	{"raw", "use a raw IP socket", use_raw, ADMIN},
	{"alg", "use the kernel's ciphers", use_ciphers, SETTING},
	{"families", "use a socket of any other family", use_any_family, SETTING},
	{0},
};
