/*
 * Lists of entries to tell of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "listed.h"

#include <err.h>
#include <inttypes.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many entries of a list are named. */
#define NAMED_MAX 10

void listed_add(struct listed *listed, const char *name, const char *why)
{
	if (listed->count < LISTED_MAX) {
		listed->names[listed->count] = strdup(name);
		listed->reasons[listed->count] = strdup(why);
	}
	listed->count++;
}

void listed_add_error(struct listed *listed, const char *name, int code)
{
	const struct qfile_error error = {.code = code};
	char why[100];

	listed_add(listed, name, qfile_error_text(&error, why, sizeof(why)));
}

void listed_take(struct listed *listed, const struct listed *other)
{
	for (size_t i = 0; i < LISTED_MAX && i < other->count && listed->count + i < LISTED_MAX;
	     i++) {
		listed->names[listed->count + i] = other->names[i];
		listed->reasons[listed->count + i] = other->reasons[i];
	}
	listed->count += other->count;
}

size_t listed_line(const struct listed *listed, size_t i, const char *before, char *text,
		   size_t size)
{
	char name[LISTED_LINE_SIZE - LISTED_WORDS_SIZE];

	qfile_displayable(listed->names[i], strlen(listed->names[i]), name,
			  size - LISTED_WORDS_SIZE, 500);
	return (size_t)snprintf(text, size, "%s \"%s\": %s", before, name, listed->reasons[i]);
}

void listed_say(const struct listed *listed, const char *before)
{
	char line[LISTED_LINE_SIZE];

	for (size_t i = 0; i < listed->count && i < NAMED_MAX; i++) {
		if (!listed->names[i] || !listed->reasons[i])
			continue;
		listed_line(listed, i, before, line, sizeof(line));
		warnx("%s", line);
	}
	if (listed->count > NAMED_MAX)
		warnx("%s %" PRIu64 " more", before, listed->count - NAMED_MAX);
}
