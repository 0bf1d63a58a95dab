/*
 * The network of a sandbox: slirp4netns carries its packets as an ordinary program of the user
 * would send them. The sandbox is not in the network of this machine, where it would meet all that
 * listens there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NETWORK_H
#define NETWORK_H
#include "confine.h"

#include <stdbool.h>

struct network {
	struct process process;
	int info;  /* bubblewrap says there which process is the first one inside */
	int ready; /* readable when the network is there, or slirp4netns has ended before */
	int go;    /* the sandbox waits for a line that we write there, */
	int waits; /* and has this as the descriptor to read it from */
	int theirs[2];
};

/* A sandbox that is to wait for its network before it runs the service. 0, or a negative errno. */
int network_add(struct network *network, struct confinement *confinement);

/* The sandbox has been started: it alone has its ends of the pipes. */
void network_given(struct network *network);

/*
 * The sandbox waits: begin. Not before, since bubblewrap sets up the network's loopback, and what
 * is there already would be in its way. 0, or a negative errno: `failure` says what is wrong.
 */
int network_begin(struct network *network, char *failure, size_t size);

/* `ready` is readable: let the sandbox go on, if the network is there. */
bool network_is_ready(struct network *network);

void network_end(struct network *network);

#endif
