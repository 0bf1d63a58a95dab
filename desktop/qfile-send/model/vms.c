/*
 * The VMs to choose from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "vms.h"

#include "filled.h"

#include "cli/calling.h"

#include <glib/gi18n.h>
#include <string.h>

static const char disposable[] = "@dispvm", from_template[] = "@dispvm:";

static gboolean is_vm(const char *name)
{
	return calling_target_ok(name) && strcmp(name, "@default") != 0;
}

GPtrArray *vms_parse(const char *text, gsize length, const char *last)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (gsize)(end - text));
		const gsize bytes = (gsize)((newline ? newline : end) - text);
		char *name = g_strndup(text, bytes);

		if (!is_vm(name) || g_hash_table_contains(known, name)) {
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

gboolean vms_is_disposable(const char *name)
{
	return strcmp(name, disposable) == 0 || g_str_has_prefix(name, from_template);
}

char *vms_label(const char *name, gboolean sandbox)
{
	if (strcmp(name, disposable) == 0)
		return g_strdup(sandbox ? _("New disposable sandbox, on this computer")
					: _("New disposable VM"));
	if (g_str_has_prefix(name, from_template))
		/* Translators: here and below, $1 is a name that the user knows */
		return filled(sandbox ? _("New disposable sandbox, on this computer: $1")
				      : _("New disposable VM, made from $1"),
			      name + sizeof(from_template) - 1, "");
	return g_strdup(name);
}

gboolean vms_matches(const char *label, const char *typed)
{
	char *lower = g_utf8_strdown(label, -1), *part = g_utf8_strdown(typed, -1);
	gboolean matches = strstr(lower, part) != NULL;

	g_free(lower);
	g_free(part);
	return matches;
}
