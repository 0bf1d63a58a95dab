/*
 * Checking what is in xenstore about calls before it is used. Pure, and needs no Xen.
 *
 * Below the path of each guest dom0 writes:
 *
 *   pedos-rpc/TARGET    for each target that it may call: the target's domid
 *   pedos-rpc-in/DOMID  for each source that may call it: a line with the source's name, then a
 *                       line for each rule (policy/pair.h)
 *
 * A source itself writes its calls, as data/pedos-rpc/DOMID/ID/...
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_XENENTRY_H
#define RPC_XENENTRY_H
#include <stdbool.h>

#include "base/names.h"

#define RPC_CALL_ID_MAX 32 /* characters of a call's ID */

/* Read a domid in decimal: 0 to 32751, no sign, no leading zero. False if it is not one. */
bool rpc_domid_parse(const char *untrusted_text, unsigned *domid);

/* Is this the ID of a call: 1 to RPC_CALL_ID_MAX lower-case letters, digits and '-'? */
bool rpc_call_id_ok(const char *untrusted_id);

/* Copy the first line of an entry of `pedos-rpc-in`. False if it is not the name of a VM. */
bool rpc_entry_source(const char *untrusted_entry, char source[RPC_NAME_SIZE]);

/* Is this the first line of an entry? */
bool rpc_entry_names(const char *untrusted_entry, const char *expected);

#endif
