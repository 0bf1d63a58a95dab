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
	struct reading reading = {0};

	while (name < end) {
		name = character_skip(name, end, &reading);
		columns += width_of(reading.character);
	}
	return columns;
}

/*
 * Returns where the rest of the name begins if its first `columns` columns, or more, are left out.
 * *reading is what was read up to there. Characters that take no column, or belong to the one
 * before them, such as marks and joined emoji, are left out with it.
 */
static const char *skip_columns(const char *name, const char *end, size_t columns,
				struct reading *reading)
{
	size_t skipped = 0;

	while (name < end) {
		struct reading here = *reading;
		const char *next = character_skip(name, end, &here);

		if (skipped >= columns && width_of(here.character) > 0 &&
		    !(here.context & CONTEXT_PART))
			break;
		*reading = here;
		skipped += width_of(here.character);
		name = next;
	}
	return name;
}

/*
 * Copy the characters that fit between `text` and `last`, which gets the NUL, but none whose
 * followers do not fit that it needs. Returns how many columns they take.
 */
static size_t show(const char *name, const char *end, struct reading reading, char *text,
		   const char *last)
{
	size_t columns = 0, whole_columns = 0;
	char *whole = text;

	while (name < end && character_show(&name, end, &reading, &text, last, '?')) {
		columns += width_of(reading.character);
		if (!(reading.context & CONTEXT_OPEN)) {
			whole = text;
			whole_columns = columns;
		}
	}
	*whole = '\0';
	return whole_columns;
}

static size_t displayable(const char *name, const char *end, char *text, const char *last,
			  size_t columns)
{
	static const char ellipsis[] = "...";
	const size_t dots = sizeof(ellipsis) - 1;
	size_t need = columns_of(name, end);
	struct reading reading = {0};

	if (need <= columns)
		return show(name, end, reading, text, last);
	if (columns <= dots || (size_t)(last - text) < dots) {
		text[0] = '\0';
		return 0;
	}
	memcpy(text, ellipsis, dots);
	/* The end of a name tells more than its beginning. */
	name = skip_columns(name, end, need - (columns - dots), &reading);
	return dots + show(name, end, reading, text + dots, last);
}

size_t text_displayable(const char *name, size_t length, char *text, size_t size, size_t columns)
{
	return displayable(name, name + length, text, text + size - 1, columns);
}
