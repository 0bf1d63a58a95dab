/*
 * Text of others, made safe for a window.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "shown.h"

#include "vms.h"

#include "text/printable.h"

#include <glib.h>
#include <glib/gi18n.h>
#include <string.h>

/* U+2068 and U+2069: what is between them is laid out by itself. */
#define ISOLATE "\xe2\x81\xa8"
#define END     "\xe2\x81\xa9"

/* Columns of a sentence, and bytes of it that are looked at. */
#define SENTENCE       300
#define SENTENCE_BYTES 1200
#define LINE           1000

static char *displayable(const char *untrusted, size_t length, size_t columns)
{
	size_t size = 4 * columns + 8;
	char *text = g_malloc(size);

	text_displayable(untrusted, length, text, size, columns);
	return text;
}

static char *isolated(char *text)
{
	char *whole = g_strconcat(ISOLATE, text, END, NULL);

	g_free(text);
	return whole;
}

char *shown_name(const char *untrusted, size_t columns)
{
	return isolated(displayable(untrusted, strlen(untrusted), columns));
}

char *shown_text(const char *untrusted)
{
	size_t length = strlen(untrusted);
	const gboolean cut = length > SENTENCE;
	char *text, *whole;

	/* Of a sentence, other than of a name, the beginning says most. */
	if (length > SENTENCE_BYTES)
		length = SENTENCE_BYTES;
	if (cut && g_utf8_validate(untrusted, (gssize)length, NULL) &&
	    g_utf8_strlen(untrusted, (gssize)length) > SENTENCE)
		length = (size_t)(g_utf8_offset_to_pointer(untrusted, SENTENCE) - untrusted);
	else if (cut && length > SENTENCE)
		length = SENTENCE;
	text = displayable(untrusted, length, 2 * SENTENCE);
	whole = untrusted[length] ? g_strconcat(text, "...", NULL) : g_strdup(text);
	g_free(text);
	return isolated(whole);
}

/* The beginning of the last SHOWN_LINES lines. */
static const char *last_lines(const char *text, const char *end)
{
	unsigned lines = 0;

	for (const char *at = end; at > text; at--) {
		if (at[-1] == '\n' && at < end && ++lines == SHOWN_LINES)
			return at;
	}
	return text;
}

char *shown_lines(const char *untrusted, size_t length)
{
	const char *end = untrusted + length;
	GString *shown = g_string_new(NULL);

	for (const char *line = last_lines(untrusted, end); line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t bytes = (size_t)((newline ? newline : end) - line);
		char *text = displayable(line, bytes, LINE);

		g_string_append_printf(shown, "%s%s", shown->len ? "\n" : "", text);
		g_free(text);
		line += bytes + 1;
	}
	return g_string_free(shown, FALSE);
}

char *shown_vm(const char *target, gboolean sandbox)
{
	if (vms_is_disposable(target))
		return g_strdup(sandbox ? _("a disposable sandbox") : _("a disposable VM"));
	if (*target == '@')
		return g_strdup(_("the other VM"));
	return shown_name(target, 63);
}
