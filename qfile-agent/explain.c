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

/* Add words at *used, as many as fit. */
static void add(char *filled, size_t size, size_t *used, const char *words, size_t length)
{
	if (length > size - 1 - *used)
		length = size - 1 - *used;
	memcpy(filled + *used, words, length);
	*used += length;
	filled[*used] = '\0';
}

void explain_fill(const char *words, const char *to, char *filled, size_t size)
{
	static const char side[] = "<side>", place[] = "<place>";
	size_t used = 0;

	filled[0] = '\0';
	while (*words) {
		const char *with = NULL;
		size_t length = 1;

		if (strncmp(words, side, sizeof(side) - 1) == 0) {
			length = sizeof(side) - 1;
			with = to ? to : "the other side";
		} else if (strncmp(words, place, sizeof(place) - 1) == 0) {
			length = sizeof(place) - 1;
			with = to ? to : "the receiver's directory";
			if (to) {
				add(filled, size, &used, receiver.incoming,
				    strlen(receiver.incoming));
				add(filled, size, &used, " of ", 4);
			}
		}
		add(filled, size, &used, with ? with : words, with ? strlen(with) : 1);
		words += length;
	}
}

static void say(struct ending *ending, const char *outcome, const char *text)
{
	ending->outcome = outcome;
	snprintf(ending->message, sizeof(ending->message), "%s", text);
}

/* The entry's name in quotes, behind the words before it; or those words without it. */
static void name_entry(const struct qfile_result *result, const char *before, char text[768])
{
	static const char at[] = ", at ";
	size_t length = strlen(before), cut = length - (sizeof(at) - 1);

	strcpy(text, before);
	if (result->namelen > 0) {
		text[length++] = '"';
		qfile_displayable(result->name, result->namelen, text + length, 512, 255);
		strcat(text, "\"");
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

	if (result->code != EILSEQ ||
	    failure_is_reserved(result->code, result->name, result->namelen) ||
	    !qfile_name_fault(result->name, result->namelen, &fault))
		return otherwise;
	snprintf(text, 128, " has %s as character %zu, which %s", fault.label, fault.position,
		 fault.why);
	return text;
}

/* The receiver has read nothing: is it its place of delivery that stands in the way? */
static bool explain_place(const struct explain *about, struct ending *ending)
{
	const struct qfile_result *result = about->result;
	const struct failure *failure = failure_of_place(result->code);
	char text[256];

	if (!failure || result->namelen > 0 || result->crc != 0)
		return false;
	explain_fill(failure->before, about->to, text, sizeof(text));
	ending->outcome = "failed";
	ending->code = result->code;
	snprintf(ending->message, sizeof(ending->message), "%s; nothing was copied. %s", text,
		 failure->advice);
	return true;
}

static void explain_result(const struct explain *about, struct ending *ending)
{
	const struct qfile_result *result = about->result;
	const struct failure *failure =
		failure_of_entry(result->code, result->name, result->namelen);
	bool via = !calling_takes_wishes(about->calling, &receiver);
	char before[192], after[192], text[768], fault[128];

	ending->outcome = "failed";
	ending->code = result->code;
	ending->entry = result->name;
	ending->entry_length = result->namelen;
	explain_fill(failure ? failure->before : "the receiver failed, at ", about->to, before,
		     sizeof(before));
	name_entry(result, before, text);
	if (failure) {
		ending->help = failure->help;
		explain_fill(failure->after, about->to, after, sizeof(after));
		snprintf(ending->message, sizeof(ending->message), "%s%s; nothing was copied. %s",
			 text, name_fault(result, after, fault),
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
	char look[EXPLAIN_LOOK_SIZE];

	explain_fill(EXPLAIN_LOOK, about->to, look, sizeof(look));
	ending->outcome = about->ended ? "unknown" : "stopped";
	snprintf(ending->message, sizeof(ending->message), "%s%s%s", why,
		 about->ended ? " before the receiver confirmed. " : "; nothing was copied",
		 about->ended ? look : "");
}

static void explain_error(const struct explain *about, struct ending *ending)
{
	char text[768], look[EXPLAIN_LOOK_SIZE];

	explain_fill(EXPLAIN_LOOK, about->to, look, sizeof(look));
	ending->outcome = about->ended ? "unknown" : "failed";
	ending->code = (uint32_t)about->error->code;
	ending->entry = about->error->name;
	ending->entry_length = strlen(about->error->name);
	qfile_error_text(about->error, text, sizeof(text));
	snprintf(ending->message, sizeof(ending->message), "%s%s%s", text,
		 about->ended ? ". " : "; nothing was copied", about->ended ? look : "");
}

void explain_failure(const struct explain *about, int code, struct ending *ending)
{
	*ending = (struct ending){.code = (uint32_t)-code, .entry = ""};
	switch (code) {
	case -EREMOTEIO:
		if (!explain_stranger(about, ending) && !explain_place(about, ending))
			explain_result(about, ending);
		break;
	case -EBADMSG:
		ending->outcome = "damaged";
		explain_fill("what arrived is not what was sent: the checksums differ, as when a "
			     "file is written while it is sent. Remove the copy in <place> and try "
			     "again",
			     about->to, ending->message, sizeof(ending->message));
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
		listed_add(left_out, name,
			   "it was removed or replaced before all of it could be read");
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

const char *explain_why_unreadable(int code, char *text, size_t size)
{
	const struct qfile_error error = {.code = code};

	/* What is no link and is not there has vanished. */
	return code == ENOENT ? "it is a link that points to nothing"
			      : qfile_error_text(&error, text, size);
}

void explain_unreadable(struct listed *listed, const char *name, int code)
{
	char why[100];

	listed_add(listed, name, explain_why_unreadable(code, why, sizeof(why)));
}

void explain_refusable(struct listed *listed, const char *name, int code)
{
	struct qfile_name_fault fault;
	char why[128];

	if (failure_is_reserved((uint32_t)code, name, strlen(name))) {
		listed_add(listed, name,
			   "what begins with " QFILE_STAGING_PREFIX " is the receiver's own");
		return;
	}
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
	{EOVERFLOW, EXPLAIN_TIME_KEPT},
	{EACCES, "you may not remove it (Permission denied)"},
	{EPERM, "you may not remove it (Operation not permitted)"},
	{EROFS, "its file system is read-only"},
	{EBUSY, "it is in use, as a directory is on which something is mounted"},
	{ENOTEMPTY, "it is not empty"},
	{ENOTRECOVERABLE, "its file system says that it was removed, but it is still there"},
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
