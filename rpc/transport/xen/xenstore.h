/*
 * A connection to xenstore: the database through which guests find each other, and in which dom0
 * says who may call whom.
 *
 * libxenstore starts a thread for its watches, and a fork may happen while that holds a lock. A
 * daemon that forks for each call cannot use it. So this code speaks the protocol of xenstore with
 * the kernel's device: there is one descriptor to poll, and no thread. Paths that do not begin with
 * '/' are below this guest's own /local/domain/DOMID.
 *
 * Functions return 0 or a count on success. A negative errno is what xenstore answered, such as
 * -ENOENT or -EACCES, or says why xenstore cannot be reached.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_XENSTORE_H
#define RPC_XENSTORE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define XENSTORE_VALUE_SIZE  4097 /* the longest value or listing, and a NUL */
#define XENSTORE_MESSAGE_MAX 4112 /* the longest message: a header and a value */

struct xenstore {
	int fd; /* when it is readable, call xenstore_drain() */
	/*
	 * Any function below may call this, for each event of a watch. It must not use the
	 * connection. `untrusted_path` is the path that has changed.
	 */
	void (*on_event)(void *context, const char *untrusted_path, const char *token);
	void *context;
	size_t begin, end; /* the part of `received` that is not used yet */
	char received[4 * XENSTORE_MESSAGE_MAX];
};

/* `on_event` may be NULL if nothing will be watched. */
int xenstore_open(struct xenstore *store,
		  void (*on_event)(void *context, const char *untrusted_path, const char *token),
		  void *context);
/* A child may close a connection that its parent continues to use. A second call does nothing. */
void xenstore_close(struct xenstore *store);

/* Read the value at a path, and add a NUL. Returns its length. */
ssize_t xenstore_read(struct xenstore *store, const char *path, char value[XENSTORE_VALUE_SIZE]);
/*
 * List the names directly below a path, each with a NUL. Returns the length of the whole list.
 * -E2BIG: the names do not fit into one message.
 */
ssize_t xenstore_list(struct xenstore *store, const char *path, char names[XENSTORE_VALUE_SIZE]);
int xenstore_remove(struct xenstore *store, const char *path);
/*
 * Remove the node at a path if it has this value. 1: it is removed. 0: it is not there, cannot be
 * read, or has another value. Of several who try that at the same time, one gets 1; removing alone
 * would not tell, since xenstore removes what is not there, too.
 */
int xenstore_take(struct xenstore *store, const char *path, const char *value);
/* Make a node, with the permissions of the one above it, or change its value. */
int xenstore_write(struct xenstore *store, const char *path, const char *value);

/* Get an event for each change at a path or below it, and one at once. */
int xenstore_watch(struct xenstore *store, const char *path, const char *token);
int xenstore_unwatch(struct xenstore *store, const char *path, const char *token);
/* Call on_event() for a bounded number of events. Returns how many there were. Never blocks. */
int xenstore_drain(struct xenstore *store);

/*
 * Make a directory that `owner` may write, `reader` may read, and nobody else may read or write. It
 * has these permissions from the beginning.
 */
int xenstore_share(struct xenstore *store, const char *path, unsigned owner, unsigned reader);

#endif
