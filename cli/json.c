/*
 * Text and names in JSON. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/json.h"

#include "text/printable.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

/* Columns of a name that is to be shown. */
#define SHOWN_COLUMNS 200

/* Bytes of the character at `bytes`, or 0 if it is none. */
static size_t character_length(const char *bytes, size_t length)
{
	utf8proc_int32_t character;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)bytes,
					      (utf8proc_ssize_t)length, &character);

	return n > 0 ? (size_t)n : 0;
}

size_t json_text(const char *bytes, size_t length, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 6 < size;) {
		size_t n = character_length(bytes + i, length - i);
		unsigned char c = (unsigned char)bytes[i];

		if (n == 0) {
			used += (size_t)snprintf(text + used, size - used, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\' || c < ' ' || c == 0x7f) {
			used += (size_t)snprintf(text + used, size - used, "\\u%04x", (unsigned)c);
		} else {
			memcpy(text + used, bytes + i, n);
			used += n;
		}
		i += n;
	}
	text[used] = '\0';
	return used;
}

static bool is_utf8(const char *bytes, size_t length)
{
	for (size_t i = 0, n; i < length; i += n) {
		n = character_length(bytes + i, length - i);
		if (n == 0)
			return false;
	}
	return true;
}

static size_t hex(const char *bytes, size_t length, char *text)
{
	for (size_t i = 0; i < length; i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes[i]);
	return 2 * length;
}

size_t json_name(const char *key, const char *name, size_t length, char *text, size_t size)
{
	char shown[SHOWN_COLUMNS * 4], escaped[JSON_TEXT_SIZE(sizeof(shown))];
	size_t used, quarter = size / 4;

	text_displayable(name, length, shown, sizeof(shown), SHOWN_COLUMNS);
	json_text(shown, strlen(shown), escaped,
		  quarter < sizeof(escaped) ? quarter : sizeof(escaped));
	used = (size_t)snprintf(text, size, "\"%s_shown\":\"%s\",\"%s\":\"", key, escaped, key);
	used += json_text(name, length, text + used, size - used - quarter - quarter / 2);
	text[used++] = '"';
	if (!is_utf8(name, length) && 2 * length <= quarter) {
		used += (size_t)snprintf(text + used, size - used, ",\"%s_hex\":\"", key);
		used += hex(name, length, text + used);
		text[used++] = '"';
	}
	text[used] = '\0';
	return used;
}
