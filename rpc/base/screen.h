/*
 * Making a peer's text safe for a terminal, while it comes in. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_SCREEN_H
#define RPC_SCREEN_H
#include "text/character.h"

#include <stdbool.h>
#include <stddef.h>

#define RPC_SCREEN_CHARACTER 4 /* bytes of the longest character */

/* The state between two calls. All zeros at the beginning. */
struct rpc_screen {
	char held[RPC_SCREEN_CHARACTER]; /* the beginning of a character whose rest has not come */
	size_t count;                    /* bytes in `held` */
	struct reading reading;          /* of the line up to there */
	bool returned; /* the last byte was a carriage return: a newline is the same end then */
};

/* How many bytes longer than the input the output may be: those that were held. */
#define RPC_SCREEN_EXTRA (RPC_SCREEN_CHARACTER - 1)

/*
 * Copy `size` bytes to `text`, which has room for RPC_SCREEN_EXTRA more. Ends of lines, tabs and
 * characters that are safe to show (text/character.h) are kept; '?' replaces everything else. A
 * character that is safe only because of what follows is kept, since that has not come yet, and so
 * is any space; but no flag that is made of tags. A carriage return ends a line, with a newline
 * behind it or without. An incomplete character is
 * held back until its rest comes. `size` 0 means the end of the text. Returns how many bytes were
 * written. The output is the same however the input is divided among calls.
 */
size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text);

#endif
