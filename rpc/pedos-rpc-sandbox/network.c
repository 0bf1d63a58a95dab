/*
 * The network of a sandbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Where slirp4netns answers questions for names. */
static const char resolver[] = "nameserver 10.0.2.3\n";

static int make_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
}

int network_add(struct network *network, struct confinement *confinement)
{
	int info[2], go[2], r = make_pipe(info);

	if (r == 0)
		r = make_pipe(go);
	if (r < 0)
		return r;
	network->info = info[0];
	network->go = go[1];
	network->theirs[0] = info[1];
	network->theirs[1] = go[0];
	words_add(&confinement->words, "--info-fd", NULL);
	words_add_format(&confinement->words, "%d", confine_pass(confinement, info[1]));
	network->waits = confine_pass(confinement, go[0]);
	confine_add_file(confinement, resolver, "/etc/resolv.conf");
	return 0;
}

void network_given(struct network *network)
{
	close(network->theirs[0]);
	close(network->theirs[1]);
}

/* The process that is the first one inside, as bubblewrap reports it. -1: it has reported none. */
static long first_process(struct network *network)
{
	char text[512];
	const char *number;
	ssize_t n = read(network->info, text, sizeof(text) - 1);
	long pid;

	close(network->info);
	network->info = -1;
	text[n > 0 ? n : 0] = '\0';
	number = strstr(text, "\"child-pid\": ");
	return number && sscanf(number, "\"child-pid\": %ld", &pid) == 1 && pid > 0 ? pid : -1;
}

/* Open its network, and the namespace of users to which that belongs. 0, or a negative errno. */
static int open_namespaces(long pid, int namespaces[2])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	namespaces[0] = open(path, O_RDONLY | O_CLOEXEC);
	if (namespaces[0] < 0)
		return -errno;
	namespaces[1] = ioctl(namespaces[0], NS_GET_USERNS);
	return namespaces[1] < 0 ? -errno : 0;
}

/* Carry packets for the network at descriptor 3, whose users are at 4; say at 5 that it works. */
static int start(struct network *network, const char *program, const int namespaces[2], int ready)
{
	struct words words = {.count = 0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = -errno;
	char *none[] = {NULL};

	if (null < 0)
		return r;
	words_add(&words, program, "--configure", "--mtu=65520", "--disable-host-loopback",
		  "--enable-seccomp", "--ready-fd=5", "--netns-type=path",
		  "--userns-path=/proc/self/fd/4", "/proc/self/fd/3", "tap0", NULL);
	r = process_start(&network->process, words.list, none,
			  (int[]){null, null, null, namespaces[0], namespaces[1], ready}, 6);
	close(null);
	return r;
}

int network_begin(struct network *network, char *failure, size_t size)
{
	const char *program = confine_find("slirp4netns");
	int namespaces[2] = {-1, -1}, ready[2], r;
	long pid = first_process(network);

	if (!program) {
		snprintf(failure, size,
			 "slirp4netns is not installed, which gives a sandbox its network: install "
			 "it, or say network=no in the template");
		return -ENOENT;
	}
	r = pid < 0 ? -ESRCH : open_namespaces(pid, namespaces);
	if (r == 0)
		r = make_pipe(ready);
	if (r == 0) {
		network->ready = ready[0];
		r = start(network, program, namespaces, ready[1]);
		close(ready[1]);
	}
	for (int i = 0; i < 2; i++) {
		if (namespaces[i] >= 0)
			close(namespaces[i]);
	}
	if (r < 0)
		snprintf(failure, size, "the network of the sandbox: %s", strerror(-r));
	return r;
}

bool network_is_ready(struct network *network)
{
	char byte;
	bool ready = read(network->ready, &byte, 1) == 1;

	close(network->ready);
	network->ready = -1;
	return ready && write(network->go, "\n", 1) == 1;
}

void network_end(struct network *network)
{
	process_kill(&network->process);
	if (network->go >= 0)
		close(network->go);
}
