/*
 * Reading the policy and the templates, at the beginning and again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LOAD_H
#define LOAD_H
#include "machine.h"

/* Read a policy. Returns whether it is right; if not, the log says what is wrong. */
bool load_policy(const char *directory, struct rpc_policy *policy);

/* Does every text for the running domains fit into xenstore? If not, says which does not. */
bool load_has_room(const struct rpc_policy *policy, const struct domains *domains);

/* Read both again. What is wrong is not used, and what was read before stays in force. */
void load_again(struct machine *machine, const char *policy_directory);

#endif
