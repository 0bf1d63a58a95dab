/*
 * Making text of a peer's fit for a terminal, as it comes in. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_SCREEN_H
#define RPC_SCREEN_H
#include <stdbool.h>
#include <stddef.h>

#define RPC_SCREEN_CHARACTER 4 /* bytes of the longest character */

/* Filled with zeros at the beginning. */
struct rpc_screen {
	char held[RPC_SCREEN_CHARACTER]; /* a character that was cut */
	size_t count;
	/* The one before it: what joins characters may stand behind some only. */
	char before[RPC_SCREEN_CHARACTER];
	size_t before_count; /* 0: none that matters */
	bool returned; /* a carriage return was the last: a newline behind it is the same end */
};

/* How much longer than its input the output may be: what was held. */
#define RPC_SCREEN_EXTRA (RPC_SCREEN_CHARACTER - 1)

/*
 * Copy `size` bytes to `text`, which has room for RPC_SCREEN_EXTRA more: lines and tabs stay, and
 * what text_displayable() lets stand; all else is replaced by '?'. A carriage return ends a line,
 * with a newline behind it or without: nothing is written over what is there already. A character
 * that is not whole is held back until its rest comes. Returns the bytes written, the same text
 * however it is cut into calls. `size` 0: the end.
 */
size_t rpc_screen_clean(struct rpc_screen *screen, const char *untrusted, size_t size, char *text);

#endif
