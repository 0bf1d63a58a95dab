/*
 * Making text safe to show on a terminal. Pure.
 *
 * The room text says what can be shown on a terminal, and what is the name of a VM. All other rooms
 * may use it; it includes none of them, and only the C library and libutf8proc. All of it is pure:
 * it makes no system calls and allocates nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_PRINTABLE_H
#define TEXT_PRINTABLE_H
#include <stddef.h>

/*
 * For a peer's text: copy `length` bytes to `text`, with '?' in place of each byte that is not
 * printable ASCII, NUL-terminated and cut to `size` bytes (at least 1). Returns the length without
 * the NUL.
 */
size_t text_printable(const char *untrusted, size_t length, char *text, size_t size);

/*
 * For names of our own, on a UTF-8 terminal: the same, but characters that are safe to show
 * (text/character.h) are kept, and the text takes at most `columns` columns. A longer one has "..."
 * in place of its beginning. Returns how many columns it takes.
 */
size_t text_displayable(const char *name, size_t length, char *text, size_t size, size_t columns);

#endif
