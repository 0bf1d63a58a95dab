/*
 * Messages for the user of the VM that asked, who reads them there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain.h"

#include "open/editor/editor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *message;
} reasons[] = {
	{ENOSPC, "the disk of the VM that opens the file is full"},
	{EDQUOT, "the file is larger than the VM that opens it accepts, or has room for"},
	{EINVAL, "the VM that opens the file does not understand what it is asked for"},
	{ENODATA, "the file did not arrive whole in the VM that opens it"},
	{ECANCELED, "the editor was stopped in the VM that opens the file"},
};

bool explain_is_ours(const struct qfile_error *error)
{
	static const char *const ours[] = {EDITOR_MAKING, EDITOR_WATCHING};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (error->doing && strcmp(error->doing, ours[i]) == 0)
			return true;
	}
	return false;
}

void explain_error(struct ending *ending, const struct qfile_error *error, bool logged)
{
	ending->code = error->code;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].code == error->code) {
			snprintf(ending->message, sizeof(ending->message), "%s",
				 reasons[i].message);
			return;
		}
	}
	if (explain_is_ours(error)) {
		ending->code = EPERM;
		snprintf(ending->message, sizeof(ending->message),
			 "the VM that opens the file could not do its work%s",
			 logged ? "; its log says why" : "");
	} else {
		qfile_error_text(error, ending->message, sizeof(ending->message));
	}
}

void explain_more(struct ending *ending, const char *text)
{
	size_t used = strlen(ending->message);

	snprintf(ending->message + used, sizeof(ending->message) - used, "%s%s", used ? "; " : "",
		 text);
}
