/*
 * Calls of a disposable where no hypervisor makes one: a sandbox on this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SANDBOX_H
#define SANDBOX_H
#include "options.h"

/*
 * Has a call of this service of a disposable any use? Not that of the one which only stores what it
 * gets, whose name is a setting. The service may be empty: any. 1, 0, or a negative errno and
 * *failure: the settings cannot be read.
 */
int disposable_serves(const char *service, struct rpc_failure *failure);

/* Does a call of a disposable lead to a sandbox? */
bool sandbox_is_meant(const struct options *options);

/*
 * Start pedos-rpc-sandbox, which is beside this program, and have a channel to it. 0, or a negative
 * errno and *failure. It ends when the channel is closed, and is waited for by sandbox_end().
 */
int sandbox_connect(struct rpc_channel *channel, const struct options *options,
		    struct rpc_failure *failure);

/* The channel is closed: wait until nothing of the sandbox is left. Without one, do nothing. */
void sandbox_end(void);

/* Add the names of the sandboxes that can be made here. 0, or a negative errno and *failure. */
int sandbox_targets(struct rpc_targets *targets, struct rpc_failure *failure);

#endif
