/*
 * Making a peer's text safe for a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/screen.h"

#include <string.h>

/* The length of the character that begins with this byte; 1 if no character begins with it. */
static size_t length_of(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Write a character of one byte. Returns the bytes written. */
static size_t put_plain(struct rpc_screen *screen, char c, char *text)
{
	bool same_end = c == '\n' && screen->returned;

	screen->returned = c == '\r';
	if (same_end)
		return 0;
	if (c == '\r')
		c = '\n';
	if (c == '\n' || c == '\t') {
		screen->reading = (struct reading){0};
	} else {
		character_next(&c, &c + 1, &screen->reading);
		if (screen->reading.character < 0)
			c = '?';
	}
	*text = c;
	return 1;
}

/*
 * Write the held character, or the part of it that has come. Returns how many bytes were written:
 * at most as many as were held.
 */
static size_t release(struct rpc_screen *screen, char *text)
{
	const char *at = screen->held, *end = at + screen->count;
	char *to = text;

	screen->reading.goes_on = true;
	while (at < end)
		character_show(&at, end, &screen->reading, &to, text + screen->count, '?');
	screen->count = 0;
	return (size_t)(to - text);
}

size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text)
{
	size_t done = 0;

	for (size_t i = 0; i < size; i++) {
		const unsigned char byte = (unsigned char)untrusted[i];

		if (screen->count > 0 && (byte & 0xc0) != 0x80)
			done += release(screen, text + done);
		if (byte < 0x80) {
			done += put_plain(screen, untrusted[i], text + done);
			continue;
		}
		screen->returned = false;
		screen->held[screen->count++] = untrusted[i];
		if (screen->count == length_of((unsigned char)screen->held[0]))
			done += release(screen, text + done);
	}
	if (size == 0 && screen->count > 0)
		done += release(screen, text);
	return done;
}
