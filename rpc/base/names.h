/*
 * Names that stand in policies and calls, beside those of VMs (text/vmname.h). Pure.
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
 * May this character stand behind the first one of a service's name or in its argument: a letter, a
 * digit, '_', '-', '.' or '+' (ASCII)?
 */
bool rpc_service_character_ok(char c);

/*
 * Is it the name of a service, with "+ARGUMENT" or without: a letter, then what may stand behind
 * it, at most 63 in all? Behind each '+' there must be something that is no '+': an argument has
 * one spelling, so that a policy can name it.
 */
bool rpc_service_ok(const char *untrusted_service);

/*
 * Is it an account's name: a letter or '_', then letters, digits, '_', '.' and '-', at most 32 in
 * all (ASCII)?
 */
bool rpc_account_ok(const char *untrusted_account);

#endif
