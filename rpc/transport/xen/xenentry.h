/*
 * What stands in xenstore for calls, checked before it is used. Pure: no Xen is needed here.
 *
 * dom0 writes, for each guest: `pedos-rpc/TARGET`, a domid, for what it may call;
 * `pedos-rpc-in/DOMID`, for each source that may call it: the source's name on the first line, a
 * rule on each further one (pair.h). A source writes its calls: `data/pedos-rpc/DOMID/ID/...`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_XENENTRY_H
#define RPC_XENENTRY_H
#include <stdbool.h>

#include "base/names.h"

#define RPC_CALL_ID_MAX 32 /* characters of a call's ID */

/* A domain's number in decimal, as Xen gives them out: 0 to 32751, no sign, no leading zero. */
bool rpc_domid_parse(const char *untrusted_text, unsigned *domid);

/* 1 to RPC_CALL_ID_MAX lower-case letters, digits and '-'. */
bool rpc_call_id_ok(const char *untrusted_id);

/* The source that an entry of `pedos-rpc-in` names. False: its first line is no VM's name. */
bool rpc_entry_source(const char *untrusted_entry, char source[RPC_NAME_SIZE]);

/* Is the first line of an entry just this? */
bool rpc_entry_names(const char *untrusted_entry, const char *expected);

#endif
