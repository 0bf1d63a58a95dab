/*
 * Making text safe to show.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/printable.h"
#include "text/character.h"
#include <string.h>
#include <utf8proc.h>

/* Copy the bytes that fit between `text` and `last`, which gets the NUL. Returns how many. */
static size_t copy_printable(const char *from, const char *end, char *text, const char *last)
{
	const char *begin = text;

	for (; from < end && text < last; from++)
		*text++ = *from >= ' ' && *from <= '~' ? *from : '?';
	*text = '\0';
	return (size_t)(text - begin);
}

size_t text_printable(const char *untrusted, size_t length, char *text, size_t size)
{
	return copy_printable(untrusted, untrusted + length, text, text + size - 1);
}

/* How many columns a character takes on a terminal; -1 is shown as '?'. */
static size_t width_of(int32_t character)
{
	return character < 0 ? 1 : (size_t)utf8proc_charwidth(character);
}

static size_t columns_of(const char *name, const char *end)
{
	size_t columns = 0;
	int32_t character = 0;

	while (name < end) {
		name = character_skip(name, end, &character);
		columns += width_of(character);
	}
	return columns;
}

/*
 * Returns where the rest of the name begins if its first `columns` columns, or one more, are left
 * out. *character becomes the last character that is left out. Characters that take no column, such
 * as marks and joiners, belong to the one before them and are left out with it.
 */
static const char *skip_columns(const char *name, const char *end, size_t columns,
				int32_t *character)
{
	size_t skipped = 0;

	while (name < end) {
		int32_t here = *character;
		const char *next = character_skip(name, end, &here);

		if (skipped >= columns && width_of(here) > 0)
			break;
		*character = here;
		skipped += width_of(here);
		name = next;
	}
	return name;
}

/*
 * Copy the characters that fit between `text` and `last`, which gets the NUL. Returns how many
 * columns they take.
 */
static size_t show(const char *name, const char *end, int32_t character, char *text,
		   const char *last)
{
	size_t columns = 0;

	while (name < end && character_show(&name, end, &character, &text, last, '?'))
		columns += width_of(character);
	*text = '\0';
	return columns;
}

static size_t displayable(const char *name, const char *end, char *text, const char *last,
			  size_t columns)
{
	static const char ellipsis[] = "...";
	const size_t dots = sizeof(ellipsis) - 1;
	size_t need = columns_of(name, end);
	int32_t character = 0;

	if (need <= columns)
		return show(name, end, character, text, last);
	if (columns <= dots || (size_t)(last - text) < dots) {
		text[0] = '\0';
		return 0;
	}
	memcpy(text, ellipsis, dots);
	/* The end of a name tells more than its beginning. */
	name = skip_columns(name, end, need - (columns - dots), &character);
	return dots + show(name, end, character, text + dots, last);
}

size_t text_displayable(const char *name, size_t length, char *text, size_t size, size_t columns)
{
	return displayable(name, name + length, text, text + size - 1, columns);
}
