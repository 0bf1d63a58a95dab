/*
 * The network, sockets, and what else processes talk through.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int any_family(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
	int error = EAFNOSUPPORT, fd;

	for (int family = 0; family < AF_MAX; family++) {
		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
			fd = socket(family, types[i], 0);
			if (fd >= 0) {
				say("family %d, type %d", family, types[i]);
				return ESCAPED;
			}
			error = errno == EAFNOSUPPORT || errno == ESOCKTNOSUPPORT ||
						errno == EPROTONOSUPPORT
					? error
					: errno;
		}
	}
	return error;
}

static int a_pair(void)
{
	int fds[2];

	return why(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int connect_inet(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)scene.port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno;
	return why(send(fd, "evil", 4, MSG_NOSIGNAL));
}

static int connect_tcp(void)
{
	return connect_inet(SOCK_STREAM);
}

static int send_udp(void)
{
	return connect_inet(SOCK_DGRAM);
}

/* With MSG_FASTOPEN sending connects, too. */
static int send_fast_open(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)scene.port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno
		      : why(sendto(fd, "evil", 4, MSG_FASTOPEN | MSG_NOSIGNAL,
				   (struct sockaddr *)&address, sizeof(address)));
}

static int connect_unix(const char *path, size_t skip)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path + skip, path, strlen(path));
	return fd < 0 ? errno
		      : why(connect(fd, (struct sockaddr *)&address,
				    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + skip +
						strlen(path))));
}

static int connect_by_path(void)
{
	return connect_unix(scene.socket, 0);
}

static int connect_abstract(void)
{
	return connect_unix(scene.abstract, 1);
}

static int listen_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? errno : why(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int ask_netlink(void)
{
	return why(socket(AF_NETLINK, SOCK_RAW, 0));
}

/* To the hypervisor. Not every kernel has namespaces for this. */
static int talk_to_the_hypervisor(void)
{
	struct sockaddr_vm address = {.svm_family = AF_VSOCK,
				      .svm_cid = VMADDR_CID_LOCAL,
				      .svm_port = (unsigned)scene.port};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	return fd < 0 ? errno : why(bind(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int reach_shared_memory(void)
{
	int id = shmget(scene.key, 0, 0);
	char *memory = id < 0 ? NULL : shmat(id, NULL, 0);

	if (!memory || memory == (char *)-1)
		return errno;
	strcpy(memory, "evil");
	return ESCAPED;
}

/*
 * What is made in an IPC namespace of its own goes away with it. What is left behind outside,
 * run.py sees.
 */
static int left(int id)
{
	return id < 0 ? errno : EXDEV;
}

static int leave_shared_memory(void)
{
	return left(shmget(scene.key + 1, 4096, IPC_CREAT | IPC_EXCL | 0666));
}

static int leave_a_queue(void)
{
	return left(msgget(scene.key + 1, IPC_CREAT | IPC_EXCL | 0666));
}

static int leave_a_semaphore(void)
{
	return left(semget(scene.key + 1, 1, IPC_CREAT | IPC_EXCL | 0666));
}

static int open_a_queue(void)
{
	char name[32];
	mqd_t queue;

	snprintf(name, sizeof(name), "/qfile-escape-%d", scene.key);
	queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL);
	if (queue >= 0)
		mq_unlink(name);
	return why(queue);
}

#define REACHES "the listener outside sees it"
#define MAKES   "the kernel makes it"

const struct attempt network_attempts[] = {
	{"socket", "open a socket of any family", MAKES, any_family, NULL},
	{"socketpair", "open a pair of sockets", MAKES, a_pair, NULL},
	{"tcp", "connect to a TCP port of this machine", REACHES, connect_tcp, NULL},
	{"tcp-fast-open", "the same by MSG_FASTOPEN", REACHES, send_fast_open, NULL},
	{"udp", "send to a UDP port of this machine", REACHES, send_udp, NULL},
	{"unix", "connect to a socket by its path", REACHES, connect_by_path, NULL},
	{"unix-abstract", "connect to an abstract socket", REACHES, connect_abstract, NULL},
	{"listen", "take a TCP port", MAKES, listen_tcp, NULL},
	{"netlink", "open a netlink socket", MAKES, ask_netlink, NULL},
	{"vsock", "open a socket to the hypervisor", MAKES, talk_to_the_hypervisor,
	 "not every kernel has them"},
	{"shm", "write to System V shared memory outside", "its content changes",
	 reach_shared_memory, NULL},
	{"shm-create", "make System V shared memory", "it is there outside", leave_shared_memory,
	 NULL},
	{"msg-create", "make a System V queue", "it is there outside", leave_a_queue, NULL},
	{"sem-create", "make System V semaphores", "they are there outside", leave_a_semaphore,
	 NULL},
	{"mqueue", "make a POSIX queue", MAKES, open_a_queue, NULL},
	{0},
};
