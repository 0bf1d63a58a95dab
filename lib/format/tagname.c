/*
 * Names made from others by a number or a text before the extension. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "text/character.h"
#include "text/properties.h"

#include <errno.h>
#include <qfile.h>
#include <string.h>

#define COMPONENT_MAX 255 /* NAME_MAX of every Linux file system */

/*
 * Where the extension begins: at the last dot, unless that is the first or the last character, or
 * words follow: "notes (edited in work, 14.36)" has none. ".tar.gz" and its like count as one.
 */
static const char *extension_of(const char *name, const char *end)
{
	static const char tar[] = ".tar";
	const ptrdiff_t tar_length = sizeof(tar) - 1;
	const char *dot = name;

	for (const char *at = name; at < end; at++) {
		if (*at == '.')
			dot = at;
		else if (*at == ' ' || *at == ')')
			dot = name;
	}
	if (dot == name || dot + 1 == end)
		return end;
	return dot - name > tar_length && memcmp(dot - tar_length, tar, tar_length) == 0
		       ? dot - tar_length
		       : dot;
}

/*
 * Where to end a stem, which ends at `end` now, so that it has at most `room` bytes, no part of a
 * character, and none that is accepted only because of what would be cut off.
 */
static const char *shortened(const char *stem, const char *end, ptrdiff_t room)
{
	struct reading reading = {0};
	const char *whole = stem, *next = stem;

	if (end - stem <= room)
		return end;
	/* What fits ends before that, but the prover cannot know that. */
	while (next < end) { /* GCOVR_EXCL_BR_LINE */
		next = character_skip(next, end, &reading);
		if (next - stem > room)
			break;
		if (!(reading.context & CONTEXT_OPEN))
			whole = next;
	}
	return whole;
}

/*
 * Does the text end with a space, of whatever width? A second one behind it would be one too many:
 * only so many are looked at together.
 */
static bool ends_with_space(const char *text, const char *end)
{
	struct reading reading = {.goes_on = true};

	while (text < end)
		text = character_skip(text, end, &reading);
	return reading.character == ' ' || reading.properties & SPACE;
}

/* Write the number before `end`. Returns where it begins. */
static char *write_number(unsigned number, char *end)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

/*
 * Copy the bytes from `from` to `end` to `text`, as far as they fit before `last`. Returns the end
 * of the copy.
 */
static char *append(const char *from, const char *end, char *text, const char *last)
{
	/* All of it fits, but the prover cannot know that. */
	while (from < end && text < last) /* GCOVR_EXCL_BR_LINE */
		*text++ = *from++;
	return text;
}

/* `end` is the NUL of the name; `last` is where the longest tagged name has its NUL. */
static int tagged_name(const char *name, const char *end, const char *tag, const char *tag_end,
		       char *tagged, const char *last)
{
	static const char open[] = " (", close[] = ")";
	const char *open_end = open + sizeof(open) - 1, *close_end = close + sizeof(close) - 1;
	const char *extension = extension_of(name, end);
	ptrdiff_t more =
		(open_end - open) + (tag_end - tag) + (close_end - close) + (end - extension);
	const char *stem_end = shortened(name, extension, last - tagged - more);

	if (stem_end == name)
		return -ENAMETOOLONG;
	tagged = append(name, stem_end, tagged, last);
	tagged = append(open + ends_with_space(name, stem_end), open_end, tagged, last);
	tagged = append(tag, tag_end, tagged, last);
	tagged = append(close, close_end, tagged, last);
	*append(extension, end, tagged, last) = '\0';
	return 0;
}

int name_numbered_within(const char *name, unsigned number, size_t longest, char numbered[256])
{
	char digits[sizeof("4294967295") - 1], *end = digits + sizeof(digits);

	return tagged_name(name, name + strlen(name), write_number(number, end), end, numbered,
			   numbered + longest);
}

int name_numbered(const char *name, unsigned number, char numbered[256])
{
	return name_numbered_within(name, number, COMPONENT_MAX, numbered);
}

int name_tagged(const char *name, const char *tag, char tagged[256])
{
	return tagged_name(name, name + strlen(name), tag, tag + strlen(tag), tagged,
			   tagged + COMPONENT_MAX);
}
