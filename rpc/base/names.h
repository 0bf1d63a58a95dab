/*
 * Names in policies and calls: those of services, accounts and disposable VMs. Names of VMs are in
 * text/vmname.h.
 * Pure.
 *
 * The room rpc/base has what all other rooms of rpc share: names, text for a terminal, going to the
 * background, the log, and where the programs of services are. It includes only text/ and system/,
 * and knows nothing of policies, channels and calls. names and screen are pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_NAMES_H
#define RPC_NAMES_H
#include <stdbool.h>

#define RPC_NAME_SIZE    64 /* a VM's or a service's name, NUL counted */
#define RPC_ACCOUNT_SIZE 33 /* an account's name, NUL counted */

/*
 * May this character follow the first one in a service's name, or be in its argument? A letter, a
 * digit, '_', '-', '.' or '+' (ASCII).
 */
bool rpc_service_character_ok(char c);

/*
 * Is this the name of a service, with or without "+ARGUMENT"? A letter, then characters that
 * rpc_service_character_ok() accepts, at most 63 in all. Each '+' must have something
 * behind it that is no '+': an argument has one spelling, so that a policy can name it.
 */
bool rpc_service_ok(const char *untrusted_service);

#define RPC_DISPOSABLE "@dispvm" /* a disposable VM, as a target */

/*
 * Is this a disposable VM as a target: "@dispvm", or "@dispvm:TEMPLATE"? A template's name is a
 * letter, then letters, digits, '_' and '-' (ASCII). The whole has at most 63 characters.
 */
bool rpc_disposable_ok(const char *untrusted_target);

/* How such a target is called in xenstore, which has no ':': with an '@' in its place. */
void rpc_disposable_node(const char *target, char node[RPC_NAME_SIZE]);
/* The target that is called so in xenstore. False: that is the name of none. */
bool rpc_disposable_target(const char *untrusted_node, char target[RPC_NAME_SIZE]);

/*
 * Is this the name of an account? A letter or '_', then letters, digits, '_', '.' and '-', at most
 * 32 in all (ASCII).
 */
bool rpc_account_ok(const char *untrusted_account);

#endif
