/*
 * Making a peer's text safe for a terminal, while it comes in. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_SCREEN_H
#define RPC_SCREEN_H
#include <stdbool.h>
#include <stddef.h>

#define RPC_SCREEN_CHARACTER 4 /* bytes of the longest character */

/* The state between two calls. All zeros at the beginning. */
struct rpc_screen {
	char held[RPC_SCREEN_CHARACTER]; /* the beginning of a character whose rest has not come */
	size_t count;                    /* bytes in `held` */
	/* The character before it, since a joiner is allowed only after some characters. */
	char before[RPC_SCREEN_CHARACTER];
	size_t before_count; /* bytes in `before`; 0: no character that allows a joiner */
	bool returned; /* the last byte was a carriage return: a newline is the same end then */
};

/* How many bytes longer than the input the output may be: those that were held. */
#define RPC_SCREEN_EXTRA (RPC_SCREEN_CHARACTER - 1)

/*
 * Copy `size` bytes to `text`, which has room for RPC_SCREEN_EXTRA more. Ends of lines, tabs and
 * what text_displayable() keeps are kept; '?' replaces everything else. A carriage return
 * ends a line, with a newline behind it or without. An incomplete character is
 * held back until its rest comes. `size` 0 means the end of the text. Returns how many bytes were
 * written. The output is the same however the input is divided among calls.
 */
size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text);

#endif
