/*
 * Lines of a stream that comes in pieces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "lines.h"

#include <string.h>

void lines_init(struct lines *lines)
{
	*lines = (struct lines){.rest = g_string_new(NULL)};
}

void lines_clear(struct lines *lines)
{
	g_string_free(lines->rest, TRUE);
	lines->rest = NULL;
}

static void add(struct lines *lines, const char *bytes, gsize length)
{
	lines->too_long = lines->too_long || lines->rest->len + length > LINES_LONGEST;
	if (lines->too_long)
		g_string_truncate(lines->rest, 0);
	else
		g_string_append_len(lines->rest, bytes, (gssize)length);
}

void lines_feed(struct lines *lines, const char *bytes, gsize length, lines_take take,
		gpointer data)
{
	const char *end = bytes + length, *newline;

	while (bytes < end && (newline = memchr(bytes, '\n', (gsize)(end - bytes)))) {
		add(lines, bytes, (gsize)(newline - bytes));
		if (!lines->too_long)
			take(lines->rest->str, lines->rest->len, data);
		g_string_truncate(lines->rest, 0);
		lines->too_long = FALSE;
		bytes = newline + 1;
	}
	add(lines, bytes, (gsize)(end - bytes));
}
