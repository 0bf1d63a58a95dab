/*
 * What went wrong, and how it is said.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "error.h"

#include <stdio.h>
#include <string.h>

const char *qfile_version(void)
{
	return QFILE_VERSION; /* from the Makefile */
}

int error_set_bytes(struct qfile_error *error, int code, const char *doing, const char *name, size_t length)
{
	if (!error)
		return code;
	error->code = -code;
	error->doing = doing;
	error->hint = NULL;
	if (length > QFILE_NAME_MAX)
		length = QFILE_NAME_MAX;
	memcpy(error->name, name, length);
	error->name[length] = '\0';
	return code;
}

int error_set(struct qfile_error *error, int code, const char *doing, const char *name)
{
	return error_set_bytes(error, code, doing, name ? name : "", name ? strlen(name) : 0);
}

char *qfile_error_text(const struct qfile_error *error, char *text, size_t size)
{
	char name[512], reason[128];
	size_t used = 0;

	if (error->code == QFILE_ETRUNCATED)
		snprintf(reason, sizeof(reason), "the stream ended in the middle");
	else
		snprintf(reason, sizeof(reason), "%s", strerror(error->code));
	qfile_displayable(error->name, strlen(error->name), name, sizeof(name), 200);

	text[0] = '\0';
	if (error->doing)
		used = (size_t)snprintf(text, size, "%s%s", error->doing, name[0] ? " " : ": ");
	if (name[0] && used < size)
		used += (size_t)snprintf(text + used, size - used, "\"%s\": ", name);
	if (used < size)
		used += (size_t)snprintf(text + used, size - used, "%s", reason);
	if (error->hint && used < size)
		snprintf(text + used, size - used, " (%s)", error->hint);
	return text;
}
