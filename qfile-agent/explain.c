/*
 * Words: how a transfer has ended, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain.h"
#include "failures.h"
#include "lost.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_THERE "Look in PedOSIncoming there whether it has arrived"

static void say(struct ending *ending, const char *outcome, const char *text)
{
	ending->outcome = outcome;
	snprintf(ending->message, sizeof(ending->message), "%s", text);
}

/* The entry's name in quotes, behind the words before it; or those words without it. */
static void name_entry(const struct qfile_result *result, const char *before, char text[512])
{
	static const char at[] = ", at ";
	size_t length = strlen(before), cut = length - (sizeof(at) - 1);

	strcpy(text, before);
	if (result->namelen > 0) {
		text[length++] = '"';
		length += qfile_printable(result->name, result->namelen, text + length, 300);
		strcpy(text + length, "\"");
	} else if (length >= sizeof(at) - 1 && strcmp(before + cut, at) == 0) {
		text[cut] = '\0';
	} else {
		strcpy(text + length, "an entry that it does not name");
	}
}

/* What is wrong with the name: `otherwise`, or which character it is, if it is one. */
static const char *name_fault(const struct qfile_result *result, const char *otherwise,
			      char text[128])
{
	struct qfile_name_fault fault;

	if (result->code != EILSEQ || !qfile_name_fault(result->name, result->namelen, &fault))
		return otherwise;
	snprintf(text, 128, " has %s as character %zu, which %s", fault.label, fault.position,
		 fault.why);
	return text;
}

static void explain_result(const struct qfile_result *result, bool via, struct ending *ending)
{
	const struct failure *failure = failure_of(result->code);
	char text[512], fault[128];

	ending->outcome = "failed";
	ending->code = result->code;
	ending->entry = result->name;
	ending->entry_length = result->namelen;
	name_entry(result, failure ? failure->before : "the receiver failed, at ", text);
	if (failure) {
		ending->help = failure->help;
		snprintf(ending->message, sizeof(ending->message), "%s%s; nothing was copied. %s",
			 text, name_fault(result, failure->after, fault),
			 via && failure->advice_via ? failure->advice_via : failure->advice);
		return;
	}
	/* A code below 4096 may be an errno of Linux, whatever system the receiver runs on. */
	snprintf(ending->message, sizeof(ending->message),
		 "%s, for a reason that is not expected (%s, %u); nothing was copied", text,
		 result->code < 4096 ? strerror((int)result->code) : "unknown error",
		 (unsigned)result->code);
}

static void explain_stop(const struct explain *about, struct ending *ending)
{
	const char *why = about->closed ? "stopped, because the progress was closed" : "stopped";

	ending->outcome = about->ended ? "unknown" : "stopped";
	snprintf(ending->message, sizeof(ending->message),
		 about->ended ? "%s before the receiver confirmed. " LOOK_THERE
			      : "%s; nothing was copied",
		 why);
}

static void explain_error(const struct explain *about, struct ending *ending)
{
	char text[768];

	ending->outcome = about->ended ? "unknown" : "failed";
	ending->code = (uint32_t)about->error->code;
	ending->entry = about->error->name;
	ending->entry_length = strlen(about->error->name);
	snprintf(ending->message, sizeof(ending->message),
		 about->ended ? "%s. " LOOK_THERE : "%s; nothing was copied",
		 qfile_error_text(about->error, text, sizeof(text)));
}

void explain_failure(const struct explain *about, int code, struct ending *ending)
{
	*ending = (struct ending){.code = (uint32_t)-code, .entry = ""};
	switch (code) {
	case -EREMOTEIO:
		if (!explain_stranger(about, ending))
			explain_result(about->result,
				       !calling_takes_wishes(about->calling, &receiver), ending);
		break;
	case -EBADMSG:
		say(ending, "damaged",
		    "what arrived is not what was sent: the checksums differ, as when a file is "
		    "written while it is sent. Remove the copy in the other VM and try again");
		break;
	case -EPROTO:
		say(ending, "unknown",
		    "the receiver reported success before everything was sent; do not rely "
		    "on the copy. Is it a qfile-unpacker that runs there?");
		break;
	case -ECONNRESET:
		explain_lost(about, ending);
		break;
	case -ECANCELED:
		explain_stop(about, ending);
		break;
	default:
		explain_error(about, ending);
	}
}

void explain_left_out(struct listed *left_out, int step, const char *name)
{
	switch (step) {
	case QFILE_STEP_SKIPPED:
		listed_add(left_out, name, "it is neither a file nor a directory nor a link");
		break;
	case QFILE_STEP_VANISHED:
		listed_add(left_out, name, "it was removed or replaced before it could be read");
		break;
	case QFILE_STEP_EXCLUDED:
		/* Below what the user has named, that is as they want it. */
		if (!strchr(name, '/'))
			listed_add(left_out, name, "it is an argument, but the options exclude it");
		break;
	default:
		break;
	}
}

void explain_unreadable(struct listed *listed, const char *name, int code)
{
	/* What is no link and is not there has vanished. */
	if (code == ENOENT)
		listed_add(listed, name, "it is a link that points to nothing");
	else
		listed_add_error(listed, name, code);
}

void explain_refusable(struct listed *listed, const char *name, int code)
{
	struct qfile_name_fault fault;
	char why[128];

	if (code != EILSEQ || !qfile_name_fault(name, strlen(name), &fault)) {
		listed_add_error(listed, name, code);
		return;
	}
	snprintf(why, sizeof(why), "it has %s as character %zu, which %s", fault.label,
		 fault.position, fault.why);
	listed_add(listed, name, why);
}

/* By the errno of removing it. */
static const struct {
	int code;
	const char *why;
} kept_reasons[] = {
	{ESTALE, "it changed after it was opened"},
	{EEXIST, "it appeared after its directory was sent"},
	{EOVERFLOW, "its time is before 1970 or after 2106, and could not be sent; --any-time "
		    "removes it nevertheless"},
	{EACCES, "you may not remove it (Permission denied)"},
	{EPERM, "you may not remove it (Operation not permitted)"},
	{EROFS, "its file system is read-only"},
	{EBUSY, "it is in use, as a directory is on which something is mounted"},
	{ENOTEMPTY, "it is not empty"},
	{EIO, "its disk failed (Input/output error)"},
};

void explain_kept(struct listed *kept, const struct qfile_error *entry)
{
	char text[128];

	for (size_t i = 0; i < sizeof(kept_reasons) / sizeof(*kept_reasons); i++) {
		if (kept_reasons[i].code == entry->code) {
			listed_add(kept, entry->name, kept_reasons[i].why);
			return;
		}
	}
	snprintf(text, sizeof(text), "it could not be removed (%s)", strerror(entry->code));
	listed_add(kept, entry->name, text);
}
