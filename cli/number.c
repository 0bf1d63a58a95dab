/*
 * Numbers as users write them. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/number.h"
#include <string.h>

/* Parse a decimal number. Returns what follows it, or NULL if there is none or it does not fit. */
static const char *parse_number(const char *text, const char *end, uint64_t *value)
{
	const char *at;

	*value = 0;
	for (at = text; at < end && *at >= '0' && *at <= '9'; at++) {
		const uint64_t digit = (uint64_t)(*at - '0');

		if (*value > (UINT64_MAX - digit) / 10)
			return NULL;
		*value = *value * 10 + digit;
	}
	return at > text ? at : NULL;
}

/* The bytes that a suffix stands for. 0: it is none. */
static uint64_t unit_of(char suffix)
{
	static const char suffixes[] = "KMGT";

	for (unsigned i = 0; suffixes[i]; i++) {
		if (suffix == suffixes[i])
			return (uint64_t)1 << (10 * (i + 1));
	}
	return 0;
}

bool parse_count_up_to(const char *text, const char *end, uint64_t *count)
{
	return parse_number(text, end, count) == end;
}

bool parse_size_up_to(const char *text, const char *end, uint64_t unit, uint64_t *size)
{
	const char *suffix = parse_number(text, end, size);

	if (!suffix)
		return false;
	if (suffix < end) {
		unit = unit_of(*suffix);
		if (unit == 0 || suffix + 1 < end)
			return false;
	}
	if (*size > UINT64_MAX / unit)
		return false;
	*size *= unit;
	return true;
}

bool parse_count(const char *text, uint64_t *count)
{
	return parse_count_up_to(text, text + strlen(text), count);
}

bool parse_size(const char *text, uint64_t unit, uint64_t *size)
{
	return parse_size_up_to(text, text + strlen(text), unit, size);
}
