/*
 * Inside the Xen transport: one end of a libxenvchan, for calling (vchan_call.c) and for being
 * called (vchan_listen.c).
 *
 * The room rpc/transport/xen is the only one that shares memory with other guests, and the only one
 * in a guest that speaks to xenstore. It includes only rpc/transport, rpc/base, text/ and system/.
 * Like its parent room it neither interprets what a channel carries nor decides who may call: it
 * hands over what dom0 has written. callids and xenentry are pure and need no Xen.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_VCHAN_H
#define RPC_VCHAN_H
#include <libxenvchan.h>
#include <stdint.h>
#include <xentoollog.h>

#include "system/clock.h"
#include "transport/transport.h"
#include "transport/xen/xenstore.h"

#define VCHAN_RING_SIZE (256 * 1024) /* bytes in each direction */
#define VCHAN_RING_MIN  4096         /* if the guest cannot share more */
/* The longest path that libxenvchan can use, with the names of its nodes below and a NUL. */
#define VCHAN_PATH_SIZE  64
#define VCHAN_ENTRY_SIZE (sizeof("pedos-rpc-in/") + RPC_NAME_SIZE)
#define VCHAN_ID_SIZE    9 /* of a call that is made here, short enough for VCHAN_PATH_SIZE */

struct dom0_request;

struct vchan {
	struct libxenvchan *chan;
	char id[VCHAN_ID_SIZE];       /* of the call that is made */
	struct dom0_request *request; /* which lives as long as the call; NULL: none */
	struct xenstore store;        /* watches `entry` */
	char entry[VCHAN_ENTRY_SIZE]; /* the node in which dom0 names the other guest */
	char peer[RPC_NAME_SIZE];     /* its first line, as long as that guest is there */
	bool changed;                 /* the watch has fired */
	bool peer_gone; /* `entry` has changed: the other guest is gone, or calls are denied now */
};

/* Make one that is connected to xenstore. 0, or a negative errno and *failure. */
int vchan_new(struct vchan **made, struct rpc_failure *failure);
/*
 * Begin to watch `entry`, and read it to `value`. Returns the length of the value, or a negative
 * errno. The caller then fills vchan->peer.
 */
ssize_t vchan_watch_peer(struct vchan *vchan, const char *entry, char value[XENSTORE_VALUE_SIZE]);
/* Make it the state of `channel`. */
void vchan_give(struct vchan *vchan, struct rpc_channel *channel);
void vchan_free(struct vchan *vchan);

/*
 * A logger that logs nothing. By default libxenvchan writes a line to stderr for each size of a
 * ring that was too large.
 */
extern struct xentoollog_logger vchan_silence;

/*
 * Sleep until something happens to the channel, or `deadline`, a time of clock_now(), has passed.
 * 0, or -ECONNRESET: the other guest is gone.
 */
int vchan_sleep(struct vchan *vchan, int64_t deadline);

/* Choose the ID of a call. 0 or a negative errno. */
int vchan_choose_id(char id[VCHAN_ID_SIZE]);
/* Make the call vchan->id to this domain, which is called `target` in messages. */
int vchan_call(struct vchan *vchan, unsigned domid, const char *target,
	       struct rpc_failure *failure);
/* This guest's own domid. 0 or a negative errno. */
int vchan_own_domid(struct xenstore *store, unsigned *domid);

/*
 * The call's process: be the client of the vchan that `pending` offers. 0, or a negative errno and
 * *failure.
 */
int vchan_answer(struct rpc_channel *channel, const struct rpc_pending *pending, unsigned own_domid,
		 struct rpc_failure *failure);

/* Functions of the table; see transport.h. */
int vchan_connect(struct rpc_channel *channel, const char *target, const char *sockets,
		  struct rpc_failure *failure);
int vchan_connect_new(struct rpc_channel *channel, const char *target, const char *service,
		      void (*say)(const char *sentence), struct rpc_failure *failure);
int vchan_request(struct rpc_channel *channel, const char *target, const char *service, int stop,
		  struct rpc_failure *failure);
int vchan_granted(struct rpc_channel *channel, const struct rpc_pending *pending,
		  const char *service, int stop, bool wait);
int vchan_targets(const char *sockets, struct rpc_targets *targets, struct rpc_failure *failure);
ssize_t vchan_told(const char *target, char *text, size_t size);
ssize_t vchan_write(struct rpc_channel *channel, const void *buffer, size_t size);
int vchan_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
	       int timeout);
void vchan_close(struct rpc_channel *channel);
int vchan_listen(struct rpc_listener *listener, const struct rpc_listen_options *options,
		 struct rpc_failure *failure);
const char *vchan_domain(const struct rpc_listener *listener, size_t number, const char **where);
size_t vchan_listening(struct rpc_listener *listener, struct pollfd *fds, size_t size,
		       int *timeout);
int vchan_accept(struct rpc_listener *listener, struct rpc_pending *pending);
void vchan_refuse(struct rpc_listener *listener, struct rpc_pending *pending, const void *bytes,
		  size_t size);
void vchan_release(struct rpc_listener *listener, struct rpc_pending *pending);
void vchan_ended(struct rpc_listener *listener, unsigned origin, const char *id);
int vchan_open(struct rpc_listener *listener, struct rpc_pending *pending,
	       struct rpc_channel *channel, struct rpc_failure *failure);
ssize_t vchan_rules(struct rpc_listener *listener, const struct rpc_pending *pending, char *text,
		    size_t size);
void vchan_unlisten(struct rpc_listener *listener);

#endif
