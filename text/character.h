/*
 * Which characters are safe to show: those that do not control a terminal, and do not make a text
 * look like another one. Pure. The rules are in qfile(5).
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
 * Examine the character at `text`, which is before `end`. *character is the previous character (0:
 * none). It becomes this character, or -1 if this is not a character or is not safe to show.
 * Returns the length of this character, at least 1.
 */
size_t character_next_in_tables(const char *text, const char *end, int32_t *character);

/* The same. For ASCII, as in most names, it needs neither the tables nor a function call. */
static inline size_t character_next(const char *text, const char *end, int32_t *character)
{
	if ((unsigned char)*text >= 0x80)
		return character_next_in_tables(text, end, character);
	*character = *text >= ' ' && *text != 0x7f ? *text : -1;
	return 1;
}

/* Returns the end of the character at `text`. *character as above. */
static inline const char *character_skip(const char *text, const char *end, int32_t *character)
{
	return text + character_next(text, end, character);
}

/*
 * Copy the character at *name, which is before `end`, to *text, or `substitute` if it is not safe
 * to show, and move both pointers past it. *character as above. Returns whether it fits before
 * `last`; if not, nothing is written.
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

/* Are all characters between `text` and `end` complete and safe to show? */
bool characters_ok(const char *text, const char *end);

#endif
