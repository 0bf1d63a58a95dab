/*
 * Which characters are safe to show.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include <utf8proc.h>

#define ZERO_WIDTH_JOINER 0x200D

#define CHARACTER_MAX 4 /* bytes in UTF-8 */

/* Can this character be shown without fooling the reader? */
static bool character_ok(int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_SM:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SK:
	case UTF8PROC_CATEGORY_SO:
		return true;
	default:
		return character == ' ';
	}
}

/* How many of the bytes from `text` to `end` a character can have. There is at least one byte. */
static int within_character(const char *text, const char *end)
{
	int n = 1;

	while (n < CHARACTER_MAX && end - text > n)
		n++;
	return n;
}

size_t character_next_in_tables(const char *text, const char *end, int32_t *character)
{
	const int32_t before = *character;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text,
					      within_character(text, end), character);

	if (n <= 0) {
		*character = -1;
		return 1;
	}
	/* This tells the prover to examine each length by itself: */
	//@ split n;
	/*
	 * Emoji and some scripts need the joiner. After ASCII it only makes two different names
	 * look the same.
	 */
	if (*character == ZERO_WIDTH_JOINER ? before < 0x80 || before == ZERO_WIDTH_JOINER
					    : !character_ok(*character))
		*character = -1;
	return (size_t)n;
}

bool characters_ok(const char *text, const char *end)
{
	int32_t character = 0;

	while (text < end) {
		text = character_skip(text, end, &character);
		if (character < 0)
			return false;
	}
	return true;
}
