/*
 * Names of VMs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/vmname.h"
#include <stddef.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool vm_name_ok(const char *name)
{
	size_t i = 0;

	if (!is_letter(name[0]))
		return false;
	for (; name[i]; i++) {
		char c = name[i];

		if (i >= VM_NAME_MAX ||
		    !(is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
			return false;
	}
	return true;
}
