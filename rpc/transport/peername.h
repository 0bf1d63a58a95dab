/*
 * The names of the accounts that call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_PEERNAME_H
#define RPC_PEERNAME_H
#include "base/names.h"

#include <sys/types.h>

/* Remember the accounts that there are, before anybody calls. */
void rpc_peers_read(void);

/*
 * The account's name, if it is one that a VM can have. What was found is remembered for a second.
 * Numbers that are nobody's are looked for at a limited rate: those who call without end would
 * otherwise have the accounts read without end. -ENOENT: there is no such account, or its name is
 * none for a VM. -EAGAIN: nobody knows now, since too many such numbers call. `name` is empty then.
 */
int rpc_peer_name(uid_t uid, char name[RPC_NAME_SIZE]);

#endif
