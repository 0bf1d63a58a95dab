/*
 * Text of another VM's as lines that begin with its name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/lines.h"

#include <string.h>

/* The line that was held, as a whole one. Returns its length. */
static size_t end_line(struct rpc_lines *of, char *line)
{
	size_t length = 0, named = strlen(of->name);

	if (of->drawn_over) {
		length = strlen(RPC_LINE_CLEAR);
		memcpy(line, RPC_LINE_CLEAR, length);
	}
	memcpy(line + length, of->name, named);
	memcpy(line + length + named, ": ", 2);
	length += named + 2;
	memcpy(line + length, of->held, of->count);
	length += of->count;
	line[length] = '\n';
	of->count = 0;
	return length + 1;
}

size_t rpc_lines_put(struct rpc_lines *of, const char *text, size_t size, char *lines)
{
	size_t done = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n') {
			done += end_line(of, lines + done);
			continue;
		}
		/* Not within a character. */
		if (of->count > RPC_LINE_MAX - 4 && ((unsigned char)text[i] & 0xc0) != 0x80)
			done += end_line(of, lines + done);
		of->held[of->count++] = text[i];
	}
	if (size == 0 && of->count > 0)
		done += end_line(of, lines);
	return done;
}
