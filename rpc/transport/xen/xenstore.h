/*
 * A connection to xenstore: the database through which guests find each other, and dom0 says who
 * may call whom.
 *
 * libxenstore's own watches bring a thread with them, whose locks a fork may find taken; a daemon
 * that forks for each call cannot use that. So this speaks xenstore's protocol to the kernel's
 * device, which is little: one descriptor, no thread, and a watch is something to poll for. Paths
 * that do not begin with '/' are below this guest's own /local/domain/DOMID.
 *
 * Functions return 0 or a count on success and a negative errno on failure: -ENOENT, -EACCES and so
 * on as xenstore answers, others when it cannot be reached.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_XENSTORE_H
#define RPC_XENSTORE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define XENSTORE_VALUE_SIZE  4097 /* the longest value or listing, and a NUL behind it */
#define XENSTORE_MESSAGE_MAX 4112 /* the longest message: its header, and a value */

struct xenstore {
	int fd; /* readable: xenstore_drain() has something to do */
	/*
	 * Called, from within any function here, for each event of a watch. It must not use the
	 * connection. `untrusted_path`: what has changed.
	 */
	void (*on_event)(void *context, const char *untrusted_path, const char *token);
	void *context;
	size_t begin, end; /* what has been received and is not used yet */
	char received[4 * XENSTORE_MESSAGE_MAX];
};

/* `on_event`: NULL when nothing will be watched. */
int xenstore_open(struct xenstore *store,
		  void (*on_event)(void *context, const char *untrusted_path, const char *token),
		  void *context);
/*
 * Also for a connection that another process uses on, in a child of that process. A second time
 * does nothing.
 */
void xenstore_close(struct xenstore *store);

/* The value at a path, with a NUL behind it. Returns its length. */
ssize_t xenstore_read(struct xenstore *store, const char *path, char value[XENSTORE_VALUE_SIZE]);
/*
 * The names directly below a path, a NUL behind each. Returns the bytes of them all. -E2BIG: more
 * than fit one message.
 */
ssize_t xenstore_list(struct xenstore *store, const char *path, char names[XENSTORE_VALUE_SIZE]);
int xenstore_remove(struct xenstore *store, const char *path);

/* Have events for all that changes at a path and below. There is one at once, too. */
int xenstore_watch(struct xenstore *store, const char *path, const char *token);
int xenstore_unwatch(struct xenstore *store, const char *path, const char *token);
/* Hand over the events that are there, a bounded number. Returns how many; never blocks. */
int xenstore_drain(struct xenstore *store);

/*
 * Make a directory that its owner may write, `reader` may read, and nobody else may look at: at no
 * time has it other permissions.
 */
int xenstore_share(struct xenstore *store, const char *path, unsigned owner, unsigned reader);

#endif
