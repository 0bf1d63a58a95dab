/*
 * The words of a command line that is put together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "words.h"

#include "options.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct words *words, char *word)
{
	if (!word || words->count == WORDS_MAX)
		errx(EXIT_FAILED, word ? "too many arguments" : "out of memory");
	words->list[words->count++] = word;
}

void words_add(struct words *words, ...)
{
	const char *word;
	va_list list;

	va_start(list, words);
	while ((word = va_arg(list, const char *)))
		add(words, strdup(word));
	va_end(list);
}

void words_add_format(struct words *words, const char *format, ...)
{
	char *word;
	va_list list;

	va_start(list, format);
	if (vasprintf(&word, format, list) < 0)
		word = NULL;
	va_end(list);
	add(words, word);
}
