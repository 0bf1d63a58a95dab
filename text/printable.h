/*
 * Text made fit to be shown on a terminal. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_PRINTABLE_H
#define TEXT_PRINTABLE_H
#include <stddef.h>

/*
 * Copy `length` bytes to `text`, every byte that is not printable ASCII replaced by '?',
 * NUL-terminated and cut to `size` bytes (at least 1). For text of a peer's. Returns the length
 * written, NUL not counted.
 */
size_t text_printable(const char *untrusted, size_t length, char *text, size_t size);

/*
 * The same for names of our own on a UTF-8 terminal: characters that are safe to show
 * ("text/character.h") are kept, and the result takes at most `columns` columns: a longer one loses
 * its beginning, shown as "...". Returns the columns used.
 */
size_t text_displayable(const char *name, size_t length, char *text, size_t size, size_t columns);

#endif
