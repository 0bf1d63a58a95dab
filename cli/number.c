/*
 * Numbers as users write them. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/number.h"
#include <string.h>

/* Parse a decimal number. Returns what follows it, or NULL if there is none or it does not fit. */
static const char *parse_number(const char *text, uint64_t *value)
{
	if (*text < '0' || *text > '9')
		return NULL;
	for (*value = 0; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
			return NULL;
	}
	return text;
}

bool parse_count(const char *text, uint64_t *count)
{
	text = parse_number(text, count);
	return text && !*text;
}

bool parse_size(const char *text, uint64_t unit, uint64_t *size)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;

	text = parse_number(text, size);
	if (!text)
		return false;
	if (*text) {
		suffix = strchr(suffixes, *text);
		if (!suffix || text[1])
			return false;
		unit = (uint64_t)1 << (10 * (suffix - suffixes + 1));
	}
	return !__builtin_mul_overflow(*size, unit, size);
}
