/*
 * Making text of a peer's fit for a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "screen.h"

#include <qfile.h>
#include <string.h>

/* How many bytes the last character lacks at the end of the text: 0 when it is whole, or no character at all. */
static size_t cut_bytes(const char *text, size_t size)
{
	for (size_t back = 1; back <= 3 && back <= size; back++) {
		unsigned char c = (unsigned char)text[size - back];
		size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return length > back ? back : 0;
	}
	return 0;
}

/* Whole characters. */
static size_t clean(const char *untrusted, size_t size, char *text)
{
	size_t done = 0;

	while (size > 0) {
		size_t line = 0;

		while (line < size && !memchr("\n\r\t", untrusted[line], 3))
			line++;
		qfile_displayable(untrusted, line, text + done, line + 1, line);
		done += strlen(text + done);
		untrusted += line;
		size -= line;
		if (size > 0) {
			text[done++] = *untrusted++;
			size--;
		}
	}
	return done;
}

size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text)
{
	char joined[sizeof(screen->held) + 4];
	size_t done = 0, taken = 0, cut;

	/* The rest of a character that was cut, and at most what completes it. */
	if (screen->count > 0) {
		while (taken < size && screen->count + taken < 4 && ((unsigned char)untrusted[taken] & 0xc0) == 0x80)
			taken++;
		memcpy(joined, screen->held, screen->count);
		memcpy(joined + screen->count, untrusted, taken);
		cut = size > 0 && taken == size ? cut_bytes(joined, screen->count + taken) : 0;
		if (cut > 0) {
			memcpy(screen->held, joined, cut);
			screen->count = cut;
			return 0;
		}
		done = clean(joined, screen->count + taken, text);
		screen->count = 0;
	}
	cut = cut_bytes(untrusted + taken, size - taken);
	done += clean(untrusted + taken, size - taken - cut, text + done);
	memcpy(screen->held, untrusted + size - cut, cut);
	screen->count = cut;
	return done;
}
