/*
 * Making a peer's text safe for a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/screen.h"
#include "text/printable.h"

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
	screen->before_count = 0;
	if (same_end)
		return 0;
	if (c == '\r')
		c = '\n';
	*text = (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' ? c : '?';
	return 1;
}

/*
 * Write the held character, or the part of it that has come. Returns how many bytes were written:
 * at most as many as were held.
 */
static size_t release(struct rpc_screen *screen, char *text)
{
	const size_t before = screen->before_count, count = screen->count;
	char both[2 * RPC_SCREEN_CHARACTER], alone[RPC_SCREEN_CHARACTER + 1],
		shown[2 * RPC_SCREEN_CHARACTER + 1];
	size_t written;

	memcpy(both, screen->before, before);
	memcpy(both + before, screen->held, count);
	text_displayable(both, before + count, shown, sizeof(shown), sizeof(shown));
	written = strlen(shown + before);
	memcpy(text, shown + before, written);
	/* Only a character that can be shown alone can have the next one joined to it. */
	text_displayable(screen->held, count, alone, sizeof(alone), sizeof(alone));
	screen->before_count = strncmp(alone, screen->held, count) == 0 ? count : 0;
	memcpy(screen->before, screen->held, screen->before_count);
	screen->count = 0;
	return written;
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
