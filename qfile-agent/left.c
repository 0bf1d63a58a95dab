/*
 * Lists of entries to tell the user of.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "left.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

void left_add(struct left *left, const char *name, const char *why)
{
	char shown[400];

	if (left->count < LEFT_NAMED) {
		qfile_displayable(name, strlen(name), shown, sizeof(shown), 200);
		snprintf(left->named[left->count], sizeof(left->named[0]), "\"%s\": %s", shown,
			 why);
	}
	left->count++;
}

void left_add_error(struct left *left, const char *name, int code)
{
	const struct qfile_error error = {.code = code};
	char why[100];

	left_add(left, name, qfile_error_text(&error, why, sizeof(why)));
}

void left_tell(const struct left *left, const char *before)
{
	for (size_t i = 0; i < LEFT_NAMED && i < left->count; i++)
		warnx("%s %s", before, left->named[i]);
	if (left->count > LEFT_NAMED)
		warnx("%s %llu more", before, left->count - LEFT_NAMED);
}
