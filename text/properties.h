/*
 * The properties of characters that the rule for names is about. Their categories come from
 * libutf8proc, all else from properties-table.h, which properties.py writes. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_PROPERTIES_H
#define TEXT_PROPERTIES_H
#include <stdbool.h>
#include <stdint.h>

enum property {
	HIDDEN = 1 << 0, /* shows nothing by itself: ignorable by default, or blank */
	VIRAMA = 1 << 1, /* takes the vowel from a letter, which then often joins with the next */
	/* Letters of cursive scripts, which join with the next one, or with the last one. */
	JOINS_NEXT = 1 << 2,
	JOINS_LAST = 1 << 3,
	JOINS_BOTH = 1 << 4,  /* no letter, but makes those on both sides join */
	TRANSPARENT = 1 << 5, /* letters join across it */
	PICTOGRAPH = 1 << 6,  /* an emoji that can be joined with others */
	TONE = 1 << 7,        /* a skin tone */
	STYLED = 1 << 8,      /* a selector of text or emoji style may follow */

	SHOWN = 1 << 9,   /* can be seen, and needs nothing beside it */
	LETTER = 1 << 10, /* of a script without capitals */
	MARK = 1 << 11,   /* combines with what is before it */
	SPACE = 1 << 12,  /* between words: no tab, no end of a line */
};

/* Above these bits: the number of the script, of letters and digits where letters join; else 0. */
#define SCRIPT(number)        ((uint32_t)(number) << 16)
#define SCRIPT_OF(properties) ((properties) >> 16)

/* The enum property bits of a character, and its script. Of ASCII, without those of the table. */
unsigned properties_of(int32_t character);

#define FLAG_BYTES 28

/*
 * Are these bytes the black flag with the tags that make another flag of it, such as England's, the
 * last one included?
 */
bool properties_are_flag(const char text[FLAG_BYTES]);

#endif
