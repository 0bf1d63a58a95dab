/*
 * Which characters are safe to show: those that do not control a terminal, can be seen, and do not
 * make a text look like another one. Some are so only in their places. Pure. The rule is in
 * doc/names.md.
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

/* So many marks may combine with one letter. Burmese and the Sanskrit of Tibet need eight. */
#define MARKS_MAX 8

enum context {
	CONTEXT_SEEN = 1 << 0,   /* something can be seen in this component of the name */
	CONTEXT_OPEN = 1 << 1,   /* the last characters are safe only because of what follows */
	CONTEXT_JOINS = 1 << 2,  /* a letter that joins with the next one, marks behind it or not */
	CONTEXT_CHAINS = 1 << 3, /* an emoji that can be joined with another */
	CONTEXT_PART = 1 << 4,   /* the last character belongs to the one before it */
};

/* What was read of a text up to some place. All zeros: nothing. */
struct reading {
	int32_t character; /* the last one; 0: none, -1: not safe to show */
	int32_t found;     /* the same, but if it is not safe, what it is; -1: not UTF-8 */
	unsigned properties;
	unsigned char context; /* enum context bits */
	unsigned char marks;   /* that have combined with the last letter */
	unsigned char script;  /* SCRIPT_OF() the last letter, marks behind it or not; 0: none */
	/*
	 * Set by the caller: the text goes on behind `end`. Then what depends on characters there
	 * is taken to be safe, and spaces are so everywhere.
	 */
	bool goes_on;
};

/*
 * Examine the character at `text`, which is before `end`. A flag that is made of tags is one
 * character. Returns its length, at least 1.
 */
size_t character_next_in_tables(const char *text, const char *end, struct reading *reading);

/* The same. For ASCII, as in most names, it needs neither the tables nor a function call. */
static inline size_t character_next(const char *text, const char *end, struct reading *reading)
{
	if ((unsigned char)*text >= 0x80)
		return character_next_in_tables(text, end, reading);
	reading->context = *text == '/'   ? 0
			   : *text == ' ' ? reading->context & (CONTEXT_SEEN | CONTEXT_OPEN)
					  : CONTEXT_SEEN;
	reading->found = *text;
	reading->character = *text >= ' ' && *text != 0x7f ? *text : -1;
	reading->properties = 0;
	reading->marks = 0;
	reading->script = 0;
	return 1;
}

/* Returns the end of the character at `text`. */
static inline const char *character_skip(const char *text, const char *end, struct reading *reading)
{
	return text + character_next(text, end, reading);
}

/*
 * Copy the character at *name, which is before `end`, to *text, or `substitute` if it is not safe
 * to show, and move both pointers past it. Returns whether it fits before `last`; if not, nothing
 * is written.
 */
static inline bool character_show(const char **name, const char *end, struct reading *reading,
				  char **text, const char *last, char substitute)
{
	size_t bytes = character_next(*name, end, reading);
	size_t shown = reading->character < 0 ? 1 : bytes;

	if ((size_t)(last - *text) < shown)
		return false;
	memcpy(*text, reading->character < 0 ? &substitute : *name, shown);
	*text += shown;
	*name += bytes;
	return true;
}

/* Are all characters between `text` and `end` complete and safe to show? */
bool characters_ok(const char *text, const char *end);

#endif
