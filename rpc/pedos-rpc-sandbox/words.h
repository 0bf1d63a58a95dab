/*
 * The words of a command line that is put together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WORDS_H
#define WORDS_H
#include <stddef.h>

#define WORDS_MAX 512

/* All zero: there are none yet. */
struct words {
	char *list[WORDS_MAX + 1]; /* NULL at the end */
	size_t count;
};

/* Add copies of words, up to a NULL. Without memory or room for them, the program ends. */
void words_add(struct words *words, ...) __attribute__((sentinel));

/* Add one word, made as by printf(3). */
void words_add_format(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
