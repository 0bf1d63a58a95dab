/*
 * Text of another VM's as lines that begin with its name: whatever it says, nobody takes it for
 * what a program here says. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_LINES_H
#define RPC_LINES_H
#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>

#define RPC_LINE_MAX                                                                \
	1000 /* bytes of a line, without the name; a longer one is cut into several \
	      */

/* Filled with zeros at the beginning, but for the name. */
struct rpc_lines {
	char name[RPC_NAME_SIZE]; /* empty: text is passed on as it is */
	bool drawn_over; /* each clears its line of a terminal, where a progress may be drawn */
	char held[RPC_LINE_MAX]; /* of a line that has not ended */
	size_t count;
};

#define RPC_LINE_CLEAR "\r\033[K"

/* How long the output for `size` bytes may be: each of them a line of its own, and what was held.
 */
#define RPC_LINES_ROOM(size) (((size) + 1) * (RPC_NAME_SIZE + 7) + RPC_LINE_MAX)

/*
 * Write what rpc_screen_clean() has made of the other VM's text to `lines`, as whole lines, which
 * are "NAME: TEXT" and a newline, with RPC_LINE_CLEAR before them if drawn_over; what is no whole
 * line is held back. `size` 0: the end, which ends the last line, too. Returns the bytes written.
 */
size_t rpc_lines_put(struct rpc_lines *of, const char *text, size_t size, char *lines);

#endif
