/*
 * Messages for the user of the VM that asked, who reads them there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain.h"

#include "open/editor/editor.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

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

void explain_error(struct ending *ending, const struct qfile_error *error)
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
			 "the VM that opens the file could not do its work; its log says why");
	} else {
		qfile_error_text(error, ending->message, sizeof(ending->message));
	}
}

/* Does this exit status, of the shell or of xdg-open, mean that there is no application? */
static bool no_application(const char *handler, int status)
{
	return status == 127 ||
	       (strcmp(handler, default_handler) == 0 && (status == 3 || status == 4));
}

static void explain_no_application(struct ending *ending, const char *path)
{
	const char *name = strrchr(path, '/') + 1, *dot = strrchr(name, '.');
	char shown[512];

	ending->code = ENOENT;
	if (dot > name && dot[1]) {
		qfile_displayable(dot, strlen(dot), shown, sizeof(shown), 80);
		snprintf(ending->message, sizeof(ending->message),
			 "the VM that opens the file has no application for files that end in "
			 "\"%s\"",
			 shown);
	} else {
		snprintf(ending->message, sizeof(ending->message),
			 "the VM that opens the file has no application for files without an "
			 "extension");
	}
}

void explain_handler(struct ending *ending, const char *handler, const char *path, int status)
{
	char shown[512];

	ending->code = status ? EIO : 0;
	ending->message[0] = '\0';
	qfile_displayable(handler, strlen(handler), shown, sizeof(shown), 100);
	if (WIFSIGNALED(status))
		snprintf(ending->message, sizeof(ending->message),
			 "the handler \"%s\" was ended by signal %d (%s)", shown, WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (no_application(handler, WEXITSTATUS(status)))
		explain_no_application(ending, path);
	else if (status != 0)
		snprintf(ending->message, sizeof(ending->message),
			 "the handler \"%s\" failed with status %d", shown, WEXITSTATUS(status));
}
