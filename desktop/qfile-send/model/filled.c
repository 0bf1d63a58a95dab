/*
 * Sentences with something filled in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "filled.h"

#include <glib.h>

char *filled(const char *format, const char *one, const char *two)
{
	GString *text = g_string_new(NULL);

	for (const char *at = format; *at; at++) {
		if (at[0] == '$' && (at[1] == '1' || at[1] == '2'))
			g_string_append(text, *++at == '1' ? one : two);
		else
			g_string_append_c(text, *at);
	}
	return g_string_free(text, FALSE);
}

char *filled_freeing(const char *format, char *one, char *two)
{
	char *text = filled(format, one, two);

	g_free(one);
	g_free(two);
	return text;
}
