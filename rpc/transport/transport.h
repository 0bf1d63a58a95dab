/*
 * How the two ends of a call reach each other: everything that differs between one machine (Unix
 * sockets) and Xen (libxenvchan) is behind this table of functions. A channel carries bytes both
 * ways; what they mean is frame.h's subject.
 *
 * Functions return 0 or a count on success and a negative errno on failure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_TRANSPORT_H
#define RPC_TRANSPORT_H
#include "base/names.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RPC_SOCKETS_DEFAULT "/run/pedos-rpcd" /* unix: where the sockets are */

/* What failed, as a sentence for the user, and what a caller exits with then (125 to 127). */
struct rpc_failure {
	int status;
	char text[512];
};

/* Fill *failure. Returns -1 for the caller to pass on. */
int rpc_fail(struct rpc_failure *failure, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One end of a connection. */
struct rpc_channel {
	const struct rpc_transport *transport;
	int fd;      /* unix: the socket */
	void *state; /* xen: the transport's own */
};

/* Somebody who calls and is not served yet. */
struct rpc_pending {
	char source[RPC_NAME_SIZE]; /* the caller's name, as the kernel or dom0 tells it */
	char target[RPC_NAME_SIZE]; /* the domain that is called */
	bool may_declare;           /* they may give another name: they are the daemon's own user */
	bool unknown;               /* they have no name that a domain can have, nor may give one */
	unsigned origin;            /* what the caller's calls are counted by: a uid or a domid */
	int fd;                     /* unix: the connection; else -1 */
	char id[33];                /* xen: the call's node */
};

/* The daemon's end of a transport. */
struct rpc_listener {
	const struct rpc_transport *transport;
	void *state;
};

struct rpc_listen_options {
	const char *sockets; /* unix: the directory of sockets */
	/* The domains served: unix: a socket each; xen: this guest, whatever is said. */
	const char *const *domains;
	size_t count;
	/* unix: the first of `inherited` listening sockets that the starter has opened. */
	int inherited_fd;
	unsigned inherited;
};

struct rpc_transport {
	const char *name;

	/*
	 * Reach `target`. On failure -1 and *failure. `sockets`: unix: their directory. Waits for
	 * at most some seconds.
	 */
	int (*connect)(struct rpc_channel *channel, const char *target, const char *sockets,
		       struct rpc_failure *failure);

	/* Begin to be reachable. On failure -1 and *failure. */
	int (*listen)(struct rpc_listener *listener, const struct rpc_listen_options *options,
		      struct rpc_failure *failure);
	/*
	 * Where to wait for pending calls: at most `size`. Returns how many; *timeout is lowered to
	 * the milliseconds after which to look anyway.
	 */
	size_t (*listening)(struct rpc_listener *listener, struct pollfd *fds, size_t size,
			    int *timeout);
	/*
	 * The next pending call: 1, or 0 when there is none now. Never blocks. Bounded work and
	 * memory, whatever callers do.
	 */
	int (*accept)(struct rpc_listener *listener, struct rpc_pending *pending);
	/*
	 * In the daemon itself, have a channel to a pending caller, which costs no more than the
	 * descriptor; never blocks. NULL where a channel takes a process of its own: open().
	 */
	void (*attach)(struct rpc_pending *pending, struct rpc_channel *channel);
	/*
	 * Tell a pending call that it won't be served (`bytes`: frames that say so), in the daemon
	 * itself; never blocks, and what was said is not lost.
	 */
	void (*refuse)(struct rpc_listener *listener, struct rpc_pending *pending,
		       const void *bytes, size_t size);
	/* In the daemon, after a process for it was made: let go of it. */
	void (*release)(struct rpc_listener *listener, struct rpc_pending *pending);
	/* The call's process has ended: its pending call is over. */
	void (*ended)(struct rpc_listener *listener, unsigned origin, const char *id);
	/*
	 * In the call's process: drop what belongs to the daemon, and have a channel to the caller.
	 * On failure -1 and *failure.
	 */
	int (*open)(struct rpc_listener *listener, struct rpc_pending *pending,
		    struct rpc_channel *channel, struct rpc_failure *failure);
	/*
	 * In the call's process: what dom0 wrote about this source (pair.h). NULL where the daemon
	 * has a policy of its own. Returns how many bytes are at `text`.
	 */
	ssize_t (*rules)(struct rpc_listener *listener, const struct rpc_pending *pending,
			 char *text, size_t size);
	void (*unlisten)(struct rpc_listener *listener);

	/*
	 * Read or write what can be at once. 0: nothing now, wait(). -ECONNRESET: the other end is
	 * gone.
	 */
	ssize_t (*read)(struct rpc_channel *channel, void *buffer, size_t size);
	ssize_t (*write)(struct rpc_channel *channel, const void *buffer, size_t size);
	/*
	 * The same from and to a pipe, without copying through this process; NULL where the
	 * transport can't. 0: nothing now, whichever side is in the way. pipe_in reads the pipe;
	 * pipe_out writes it, and -EPIPE means that nobody reads it any more.
	 */
	ssize_t (*pipe_in)(struct rpc_channel *channel, int pipe, size_t size);
	ssize_t (*pipe_out)(struct rpc_channel *channel, int pipe, size_t size);
	/*
	 * Sleep until the channel can be read (POLLIN) or written (POLLOUT), as `events` says, or
	 * one of `fds` is ready, or `timeout` milliseconds have passed (-1: never). Returns which
	 * of POLLIN and POLLOUT to try, `fds` filled as by poll(2). -ECONNRESET: the other end is
	 * gone (its process, its guest), also when `events` is 0. Others' end is noticed within two
	 * seconds.
	 */
	int (*wait)(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
		    int timeout);
	void (*close)(struct rpc_channel *channel);
};

extern const struct rpc_transport rpc_unix_transport;
extern const struct rpc_transport rpc_xen_transport;

/*
 * The transport of that name; "" or NULL: Xen in a Xen guest, else Unix sockets. NULL: there is
 * none of that name in this build.
 */
const struct rpc_transport *rpc_transport_find(const char *name);

#endif
