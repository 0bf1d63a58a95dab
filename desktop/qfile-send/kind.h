/*
 * What is disposable here: virtual machines, or sandboxes on this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_KIND_H
#define SEND_KIND_H
#include <gio/gio.h>

/*
 * Ask the rpc client `client`, which is not qrexec's, without waiting for it: told() is called
 * once, later or at once, but not at all if `cancel` (NULL: none) is cancelled before. A client
 * that does not know the question, or does not answer it soon, makes no sandboxes.
 */
void kind_ask(const char *client, GCancellable *cancel,
	      void (*told)(gboolean sandbox, gpointer data), gpointer data);

/* The same of the client that would be used here, and wait for the answer. */
gboolean kind_is_sandbox(void);

#endif
