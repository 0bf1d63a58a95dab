/*
 * The VMs to choose from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "vms.h"

#include "text/vmname.h"

#include <string.h>

GPtrArray *vms_parse(const char *text, gsize length, const char *last)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (gsize)(end - text));
		const gsize bytes = (gsize)((newline ? newline : end) - text);
		char *name = g_strndup(text, bytes);

		if (!vm_name_ok(name) || g_hash_table_contains(known, name)) {
			g_free(name);
		} else {
			g_hash_table_add(known, name);
			g_ptr_array_insert(names, last && strcmp(name, last) == 0 ? 0 : -1, name);
		}
		text += bytes + 1;
	}
	g_hash_table_unref(known);
	return names;
}

gboolean vms_matches(const char *name, const char *typed)
{
	char *lower = g_ascii_strdown(name, -1), *part = g_ascii_strdown(typed, -1);
	gboolean matches = strstr(lower, part) != NULL;

	g_free(lower);
	g_free(part);
	return matches;
}
