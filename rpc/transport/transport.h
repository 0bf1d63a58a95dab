/*
 * How the two ends of a call reach each other: everything that differs between one machine (Unix
 * sockets) and Xen (libxenvchan) is behind this table of functions. A channel carries bytes both
 * ways.
 *
 * The room rpc/transport says who calls, as the kernel or dom0 reports it, and carries bytes. It
 * includes only rpc/base, text/ and system/. It does not know what the bytes mean, which is the
 * task of rpc/protocol, or who may call, which rpc/policy decides. Its own files use Unix sockets
 * only; all that needs Xen's libraries is in the room xen.
 *
 * Functions return 0 or a count on success and a negative errno on failure. Those that get a
 * `failure` fill it then.
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

#define RPC_SOCKETS_DEFAULT "/run/pedos-rpcd" /* unix: the directory of the sockets */

/* What failed, as a sentence for the user. */
struct rpc_failure {
	char text[512];
};

/* Fill *failure. Returns `code`, a negative errno. */
int rpc_fail(struct rpc_failure *failure, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Names of domains. All zero: none. */
struct rpc_targets {
	char (*names)[RPC_NAME_SIZE];
	size_t count;
};

/* Add a name. 0 or -ENOMEM. */
int rpc_targets_add(struct rpc_targets *targets, const char *name);
void rpc_targets_free(struct rpc_targets *targets);

/* One end of a connection. */
struct rpc_channel {
	const struct rpc_transport *transport;
	int fd;      /* unix: the socket */
	void *state; /* xen: private */
};

/* A pending call: the caller is not served yet. */
struct rpc_pending {
	char source[RPC_NAME_SIZE]; /* the caller's name, as the kernel or dom0 reports it */
	char target[RPC_NAME_SIZE]; /* the domain that is called */
	bool may_declare;           /* may call under another name: it is the daemon's own user */
	/*
	 * 0: it has a name, or may choose one. -ENOENT: it has none that a domain can have.
	 * -EAGAIN: nobody can tell now.
	 */
	int nameless;
	unsigned origin; /* the uid or domid by which the caller's calls are counted */
	int fd;          /* unix: the connection; xen: -1 */
	char id[33];     /* xen: the name of the call's node */
};

/* The daemon's end of a transport. */
struct rpc_listener {
	const struct rpc_transport *transport;
	void *state;
};

struct rpc_listen_options {
	const char *sockets; /* unix: the directory of the sockets */
	/* unix: the domains to serve, with a socket each. xen: unused, the domain is this guest. */
	const char *const *domains;
	size_t count;
	/* unix: the first descriptor, and the number, of listening sockets passed to us. */
	int inherited_fd;
	unsigned inherited;
};

struct rpc_transport {
	const char *name;

	/*
	 * Reach `target`, within a bounded time. `sockets`: the directory of sockets (unix only).
	 * -EHOSTUNREACH: dom0 names no such target that this guest may call.
	 */
	int (*connect)(struct rpc_channel *channel, const char *target, const char *sockets,
		       struct rpc_failure *failure);

	/*
	 * Have a disposable VM made for one call of `service`, and reach it. `target` is
	 * "@dispvm[:TEMPLATE]". The VM is gone when the channel is closed, or this process ends.
	 * What is being waited for is said by `say`, as a sentence.
	 * -EHOSTUNREACH: dom0 does not say that this guest may have it. -EACCES: it is refused.
	 * This function is NULL where the transport makes none.
	 */
	int (*connect_new)(struct rpc_channel *channel, const char *target, const char *service,
			   void (*say)(const char *sentence), struct rpc_failure *failure);
	/*
	 * The other end has said that somebody has to be asked: have that done, and wait for the
	 * answer. 0: it is allowed, as the other end will see. -EACCES: it is refused. -ECANCELED:
	 * `stop` became readable. This function is NULL where the other end has it done.
	 */
	int (*request)(struct rpc_channel *channel, const char *target, const char *service,
		       int stop, struct rpc_failure *failure);

	/*
	 * Add the names of those that somebody serves (unix), or that dom0 says this guest may call
	 * (xen), in no order.
	 */
	int (*targets)(const char *sockets, struct rpc_targets *targets,
		       struct rpc_failure *failure);
	/*
	 * Read what dom0 says that this guest may call of the target (policy/pair.h) to `text`.
	 * Returns its length. This function is NULL where the target's daemon is to be asked.
	 */
	ssize_t (*told)(const char *target, char *text, size_t size);

	/* Begin to be reachable. */
	int (*listen)(struct rpc_listener *listener, const struct rpc_listen_options *options,
		      struct rpc_failure *failure);
	/*
	 * The name of the domain with this number, from 0, that is reachable now; and `where`, as
	 * text for people. NULL: there are not so many.
	 */
	const char *(*domain)(const struct rpc_listener *listener, size_t number,
			      const char **where);
	/*
	 * Fill `fds` with at most `size` descriptors to wait for, and lower *timeout to the
	 * milliseconds after which accept() must be called anyway. Returns how many descriptors.
	 */
	size_t (*listening)(struct rpc_listener *listener, struct pollfd *fds, size_t size,
			    int *timeout);
	/*
	 * Take the next pending call. 1: *pending is filled. 0: there is none now. Never blocks,
	 * and whatever callers do, work and memory are bounded.
	 */
	int (*accept)(struct rpc_listener *listener, struct rpc_pending *pending);
	/*
	 * In the daemon itself, have a channel to a pending caller, which costs no more than the
	 * descriptor; never blocks. NULL where a channel takes a process of its own: open().
	 */
	void (*attach)(struct rpc_pending *pending, struct rpc_channel *channel);
	/* In the daemon: send `bytes`, the last frames of the call, and drop it. Never blocks. */
	void (*refuse)(struct rpc_listener *listener, struct rpc_pending *pending,
		       const void *bytes, size_t size);
	/* In the daemon: drop the call, which now has a process of its own. */
	void (*release)(struct rpc_listener *listener, struct rpc_pending *pending);
	/* In the daemon: the process of a call has ended. */
	void (*ended)(struct rpc_listener *listener, unsigned origin, const char *id);
	/*
	 * In the call's process: drop what belongs to the daemon, and open a channel to the caller.
	 */
	int (*open)(struct rpc_listener *listener, struct rpc_pending *pending,
		    struct rpc_channel *channel, struct rpc_failure *failure);
	/*
	 * In the call's process: read what dom0 wrote about this source (policy/pair.h) to `text`.
	 * Returns its length. This function is NULL if the daemon has a policy of its own.
	 */
	ssize_t (*rules)(struct rpc_listener *listener, const struct rpc_pending *pending,
			 char *text, size_t size);
	/*
	 * In the call's process: has dom0 granted this call of `service`? 1: yes, and it does not
	 * count for another call. 0: no; with `wait`, never: it waits for it. -ECONNRESET: the
	 * caller is gone. -ECANCELED: `stop` became readable. NULL, if the daemon asks by itself.
	 */
	int (*granted)(struct rpc_channel *channel, const struct rpc_pending *pending,
		       const char *service, int stop, bool wait);
	void (*unlisten)(struct rpc_listener *listener);

	/*
	 * Read or write as much as is possible at once. 0: nothing is possible now; use wait().
	 * -ECONNRESET: the other end is gone.
	 */
	ssize_t (*read)(struct rpc_channel *channel, void *buffer, size_t size);
	ssize_t (*write)(struct rpc_channel *channel, const void *buffer, size_t size);
	/*
	 * Move bytes between a pipe and the channel, without a copy in memory of this process:
	 * pipe_in from the pipe, pipe_out into it. The pipe must not block. 0: the pipe or the
	 * channel does not allow it now. -EPIPE, from pipe_out: nobody reads the pipe
	 * any more.
	 */
	ssize_t (*pipe_in)(struct rpc_channel *channel, int pipe, size_t size);
	ssize_t (*pipe_out)(struct rpc_channel *channel, int pipe, size_t size);
	/*
	 * Sleep until the channel can be read (POLLIN in `events`) or written (POLLOUT), or one of
	 * `fds` is ready, or `timeout` milliseconds have passed (-1: no timeout). Fills `fds` as
	 * poll(2) does, and returns which of POLLIN and POLLOUT are possible.
	 * -ECONNRESET: the process or the guest at the other end is gone. This is reported within
	 * two seconds, even if `events` is 0.
	 */
	int (*wait)(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
		    int timeout);
	void (*close)(struct rpc_channel *channel);
};

extern const struct rpc_transport rpc_unix_transport;
extern const struct rpc_transport rpc_xen_transport;

/*
 * Find the transport called `name`. NULL and "" mean Xen in a Xen guest, otherwise Unix sockets.
 * Returns NULL if this build has no transport of that name.
 */
const struct rpc_transport *rpc_transport_find(const char *name);

#endif
