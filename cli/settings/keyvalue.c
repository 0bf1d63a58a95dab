/*
 * Files of lines KEY=VALUE.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/keyvalue.h"

#include <errno.h>

size_t slice_length(struct slice slice)
{
	return slice.at < slice.end ? (size_t)(slice.end - slice.at) : 0;
}

bool slice_is(struct slice slice, const char *string)
{
	for (; *string; string++, slice.at++) {
		if (slice.at >= slice.end || *slice.at != *string)
			return false;
	}
	return slice.at == slice.end;
}

const char *slice_find(struct slice slice, char c)
{
	while (slice.at < slice.end && *slice.at != c)
		slice.at++;
	return slice.at;
}

bool slice_copy(struct slice slice, char *string, size_t size)
{
	size_t i;

	for (i = 0; i < size - 1 && slice.at < slice.end; i++)
		string[i] = *slice.at++;
	string[i] = '\0';
	return slice.at == slice.end;
}

/* Without the blanks at its ends. At the end of a line, a carriage return is one, too. */
static struct slice trim(struct slice slice)
{
	while (slice.at < slice.end &&
	       (slice.end[-1] == ' ' || slice.end[-1] == '\t' || slice.end[-1] == '\r'))
		slice.end--;
	while (slice.at < slice.end && (*slice.at == ' ' || *slice.at == '\t'))
		slice.at++;
	return slice;
}

/* Take a line. Returns NULL, or what is wrong. */
static const char *take_line(const struct keyvalue *form, void *into, struct slice line)
{
	const struct slice text = trim(line);
	const char *equals = slice_find(text, '=');
	struct slice name;

	if (text.at >= text.end || *text.at == '#')
		return NULL;
	if (equals >= text.end)
		return "a line is KEY=VALUE; a comment begins with '#'";
	name = trim((struct slice){text.at, equals});
	for (size_t i = 0; i < form->count; i++) {
		if (slice_is(name, form->keys[i].name))
			return form->keys[i].take(into, trim((struct slice){equals + 1, text.end}));
	}
	return form->no_such;
}

/* Whether it can be a line at all is decided before it is read. */
static const char *check_line(const struct keyvalue *form, void *into, struct slice line)
{
	if (slice_length(line) > form->line_max)
		return "the line is too long";
	if (slice_find(line, '\0') < line.end)
		return "the line has a NUL";
	return take_line(form, into, line);
}

int keyvalue_parse(const char *untrusted_text, size_t length, const struct keyvalue *form,
		   void *into, unsigned *line, const char **why)
{
	struct slice rest = {untrusted_text, untrusted_text + length};

	for (*line = 1; rest.at < rest.end; ++*line) {
		const char *newline = slice_find(rest, '\n');

		*why = check_line(form, into, (struct slice){rest.at, newline});
		if (*why)
			return -EINVAL;
		rest.at = newline < rest.end ? newline + 1 : rest.end;
	}
	return 0;
}
