/*
 * Checking what is in xenstore about calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/xenentry.h"
#include "text/vmname.h"

#include <string.h>

#define DOMID_END 0x7ff0 /* Xen gives this and larger numbers special meanings */

bool rpc_domid_parse(const char *untrusted_text, unsigned *domid)
{
	unsigned value = 0;
	size_t i;

	for (i = 0; untrusted_text[i] >= '0' && untrusted_text[i] <= '9'; i++) {
		value = value * 10 + (unsigned)(untrusted_text[i] - '0');
		if (value >= DOMID_END)
			return false;
	}
	if (i == 0 || untrusted_text[i] || (i > 1 && untrusted_text[0] == '0'))
		return false;
	*domid = value;
	return true;
}

bool rpc_call_id_ok(const char *untrusted_id)
{
	size_t length = strspn(untrusted_id, "0123456789abcdefghijklmnopqrstuvwxyz-");

	return length >= 1 && length <= RPC_CALL_ID_MAX && !untrusted_id[length];
}

bool rpc_entry_source(const char *untrusted_entry, char source[RPC_NAME_SIZE])
{
	size_t length = strcspn(untrusted_entry, "\n");

	if (length >= RPC_NAME_SIZE)
		return false;
	memcpy(source, untrusted_entry, length);
	source[length] = '\0';
	return vm_name_ok(source);
}

bool rpc_entry_names(const char *untrusted_entry, const char *expected)
{
	size_t length = strcspn(untrusted_entry, "\n");

	return length == strlen(expected) && memcmp(untrusted_entry, expected, length) == 0;
}
