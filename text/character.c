/*
 * Which characters are safe to show.
 *
 * What is accepted stays so when what was refused is replaced by '?': so a text that was made safe
 * once is safe, and making it safe again changes nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include "text/properties.h"
#include <utf8proc.h>

#define NON_JOINER     0x200C
#define JOINER         0x200D
#define KEYCAP         0x20E3
#define TEXT_STYLE     0xFE0E
#define EMOJI_STYLE    0xFE0F
#define BLACK_FLAG     0x1F3F4
#define NOT_UTF8       (-1)
#define END            0
#define CHARACTER_MAX  4 /* bytes in UTF-8 */
#define SPACES_MAX     8 /* that are looked at together */
#define JOINED_TO_LAST (JOINS_LAST | JOINS_BOTH)

/* How many of the bytes from `text` to `end` a character can have. There is at least one byte. */
static int within_character(const char *text, const char *end)
{
	int n = 1;

	while (n < CHARACTER_MAX && end - text > n)
		n++;
	return n;
}

/* Returns the length of the character at `text`, or 1 if there is none: then it is NOT_UTF8. */
static size_t decode(const char *text, const char *end, int32_t *character)
{
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text,
					      within_character(text, end), character);

	if (n <= 0) {
		*character = NOT_UTF8;
		return 1;
	}
	/* This tells the prover to examine each length by itself: */
	//@ split n;
	return (size_t)n;
}

/* Move *text past the next character, which is returned, or END. */
static int32_t take(const char **text, const char *end)
{
	int32_t character = END;

	if (*text < end)
		*text += decode(*text, end, &character);
	return character;
}

/*
 * Does the letter before a joiner meet one that it joins with by itself? Marks may be between
 * them, as many as one letter may have.
 */
static unsigned next_letter(const struct reading *reading, const char *text, const char *end)
{
	unsigned properties = TRANSPARENT;

	for (int marks = reading->marks; marks <= MARKS_MAX && properties & TRANSPARENT; marks++) {
		properties = properties_of(take(&text, end));
		if (properties & HIDDEN)
			return 0;
	}
	return properties;
}

static bool has_all(unsigned properties, unsigned bits)
{
	return (properties & bits) == bits;
}

/* Is `next` a letter of the same script as the last one, marks behind that or not? */
static bool is_in_word(const struct reading *reading, unsigned next)
{
	return next & SHOWN && reading->script && SCRIPT_OF(next) == reading->script;
}

/*
 * The zero width joiner and non-joiner, where they change what is seen: behind a virama or before
 * it, in cursive letters, and in emoji. The non-joiner also where people write it although nothing
 * would join: between any two letters of a script that has use for it. *open: it is what follows
 * that makes it safe.
 */
static bool joiner_ok(const struct reading *reading, int32_t character, const char *text,
		      const char *end, bool *open)
{
	const char *rest = text;
	unsigned next;

	*open = false;
	if (reading->properties & VIRAMA)
		return true;
	if (text == end && reading->goes_on)
		return reading->properties & LETTER ||
		       (character == NON_JOINER && reading->script) ||
		       reading->context & (CONTEXT_JOINS | CONTEXT_CHAINS);
	*open = true;
	next = properties_of(take(&rest, end));
	if (reading->properties & LETTER && has_all(next, VIRAMA | SHOWN))
		return true;
	if (character == JOINER && reading->context & CONTEXT_CHAINS)
		return has_all(next, PICTOGRAPH | SHOWN);
	if (character == NON_JOINER && is_in_word(reading, next))
		return true;
	if (!(reading->context & CONTEXT_JOINS))
		return false;
	next = next_letter(reading, text, end);
	if (character == NON_JOINER)
		return next & JOINS_LAST;
	*open = false;
	return !(next & JOINED_TO_LAST);
}

/* A selector of style, behind a character that has both styles; digits have them as keycaps. */
static bool selector_ok(const struct reading *reading, const char *text, const char *end,
			bool *open)
{
	const int32_t before = reading->character;

	*open = (before >= '0' && before <= '9') || before == '#' || before == '*';
	if (*open)
		return take(&text, end) == KEYCAP || (text == end && reading->goes_on);
	return reading->properties & STYLED;
}

/* Spaces that look like the plain one, between what can be seen. */
static bool space_ok(const struct reading *reading, const char *text, const char *end, bool *open)
{
	int32_t next = ' ';

	*open = true;
	if (reading->goes_on)
		return true;
	if (!(reading->context & CONTEXT_SEEN))
		return false;
	for (int i = 0; i < SPACES_MAX && properties_of(next) & SPACE; i++)
		next = take(&text, end);
	return next != END && next != '/' && !(properties_of(next) & SPACE);
}

/* A mark combines with something, and with so many others at most that all can be seen. */
static bool mark_ok(const struct reading *reading)
{
	return reading->character != 0 && reading->character != '/' && reading->marks < MARKS_MAX;
}

/* Is `character`, which ends at `text`, safe to show there? *open as above. */
static bool character_ok(const struct reading *reading, int32_t character, unsigned properties,
			 const char *text, const char *end, bool *open)
{
	*open = false;
	if (character == JOINER || character == NON_JOINER)
		return joiner_ok(reading, character, text, end, open);
	if (character == TEXT_STYLE || character == EMOJI_STYLE)
		return selector_ok(reading, text, end, open);
	if (properties & SPACE)
		return space_ok(reading, text, end, open);
	if (properties & MARK && !mark_ok(reading))
		return false;
	return properties & SHOWN;
}

/* The context behind a character that is safe. */
static unsigned context_behind(const struct reading *reading, int32_t character,
			       unsigned properties, bool open)
{
	const unsigned context = reading->context;
	const bool joiner = character == JOINER || character == NON_JOINER,
		   tone = properties & TONE && reading->properties & PICTOGRAPH,
		   style = character == EMOJI_STYLE && reading->properties & PICTOGRAPH;
	unsigned behind = properties & SPACE ? context & CONTEXT_SEEN : CONTEXT_SEEN;

	/* What a mark combines with may not be the last word: a letter may have to follow. */
	if (open || (context & CONTEXT_OPEN && properties & (SPACE | MARK) &&
		     !(properties & VIRAMA) && character != KEYCAP))
		behind |= CONTEXT_OPEN;
	if (properties & JOINS_NEXT || (properties & TRANSPARENT && context & CONTEXT_JOINS))
		behind |= CONTEXT_JOINS;
	if (properties & PICTOGRAPH || tone || style)
		behind |= CONTEXT_CHAINS;
	if (properties & MARK || joiner || tone || reading->character == JOINER)
		behind |= CONTEXT_PART;
	return behind;
}

/* How many marks the last letter has, with this character. */
static int marks_behind(const struct reading *reading, int32_t character, unsigned properties)
{
	if (character == JOINER || character == NON_JOINER)
		return reading->marks;
	return properties & MARK ? reading->marks + 1 : 0;
}

/* The script of the last letter, with this character. */
static unsigned script_behind(const struct reading *reading, unsigned properties)
{
	return properties & MARK ? reading->script : SCRIPT_OF(properties);
}

size_t character_next_in_tables(const char *text, const char *end, struct reading *reading)
{
	int32_t character;
	size_t n = decode(text, end, &character);
	const unsigned properties = properties_of(character);
	bool open;

	if (character_ok(reading, character, properties, text + n, end, &open)) {
		const int marks = marks_behind(reading, character, properties);

		reading->context =
			(unsigned char)context_behind(reading, character, properties, open);
		reading->marks = (unsigned char)marks;
		reading->script = (unsigned char)script_behind(reading, properties);
		reading->character = character;
		reading->properties = properties;
	} else {
		/* As behind '?', which is what is shown. */
		reading->context = CONTEXT_SEEN;
		reading->marks = 0;
		reading->script = 0;
		reading->character = -1;
		reading->properties = 0;
	}
	reading->found = character;
	return character == BLACK_FLAG && end - text >= FLAG_BYTES && properties_are_flag(text)
		       ? FLAG_BYTES
		       : n;
}

bool characters_ok(const char *text, const char *end)
{
	struct reading reading = {0};

	while (text < end) {
		text = character_skip(text, end, &reading);
		if (reading.character < 0)
			return false;
	}
	return true;
}
