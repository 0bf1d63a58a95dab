/*
 * What a receiver remarks on a success.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/remarks.h"

#include <stdio.h>
#include <string.h>

void remark_put(struct qfile_result *result, const char *key, const char *value)
{
	const size_t left = sizeof(result->name) - result->namelen,
		     needed = 1 + strlen(key) + 1 + strlen(value) + 1;

	if (needed > left)
		return;
	result->name[result->namelen] = '\0';
	snprintf(result->name + result->namelen + 1, left - 1, "%s=%s", key, value);
	result->namelen += needed;
}

const char *qfile_result_remark(const struct qfile_result *result, const char *key)
{
	const size_t length = strlen(key);
	const char *name, *final;
	size_t place = 0;

	if (result->code != 0)
		return NULL;
	while (qfile_result_renamed(result, &place, &name, &final))
		;
	while (place + 1 < result->namelen && result->name[place] == '\0') {
		const char *untrusted = result->name + place + 1;
		const char *end = memchr(untrusted, '\0', result->namelen - place - 1);

		if (!end)
			break;
		if (strncmp(untrusted, key, length) == 0 && untrusted[length] == '=')
			return untrusted + length + 1;
		place = (size_t)(end + 1 - result->name);
	}
	return NULL;
}
