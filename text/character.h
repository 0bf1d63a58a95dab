/*
 * Which characters are safe to show: they do not steer a terminal, and do not make a text look like
 * another one. Pure; the rules stand in qfile(5).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_CHARACTER_H
#define TEXT_CHARACTER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Look at the character at `text`, which lies before `end`. *character is the one before it (0:
 * none), and becomes this one, or -1 when it is none or cannot be shown safely. Returns its length,
 * at least 1.
 */
size_t character_next_in_tables(const char *text, const char *end, int32_t *character);

/* The same. Most names are ASCII: it spares them the tables, and the call. */
static inline size_t character_next(const char *text, const char *end, int32_t *character)
{
	if ((unsigned char)*text >= 0x80)
		return character_next_in_tables(text, end, character);
	*character = *text >= ' ' && *text != 0x7f ? *text : -1;
	return 1;
}

/* Go behind the character at `text`; *character as above. */
static inline const char *character_skip(const char *text, const char *end, int32_t *character)
{
	return text + character_next(text, end, character);
}

/*
 * Show the character at *name, which lies before `end`, at *text, `substitute` in place of one that
 * is not safe, and go behind it in both. *character is as above. Returns whether it fits between
 * there and `last`: if not, nothing is written.
 */
static inline bool character_show(const char **name, const char *end, int32_t *character,
				  char **text, const char *last, char substitute)
{
	size_t bytes = character_next(*name, end, character);
	size_t shown = *character < 0 ? 1 : bytes;

	if ((size_t)(last - *text) < shown)
		return false;
	memcpy(*text, *character < 0 ? &substitute : *name, shown);
	*text += shown;
	*name += bytes;
	return true;
}

/* Are all between `text` and `end` whole and safe to show? */
bool characters_ok(const char *text, const char *end);

#endif
