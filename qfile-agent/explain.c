/*
 * Messages: what went wrong, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * How a receiver's failure is explained: the words before and after the entry's name, and what to
 * do; `advice_via`, where the user gives the receiver its options themselves (NULL: the same).
 */
static const struct failure {
	uint32_t code;
	const char *before, *after, *advice, *advice_via;
} failures[] = {
	{EEXIST, "", " is there already, in PedOSIncoming of the other VM",
	 "Use --rename to keep both, or move that one away",
	 "Give the receiver --on-conflict=rename to keep both, or move that one away"},
	{ENOLINK, "the link ", " points outside of what is copied, so the receiver refuses it",
	 "Use --dereference to send what it points to, or --ignore-symlinks to leave links out",
	 NULL},
	{ENOSPC, "the disk of the other VM is too full for ", "",
	 "Free some space there and try again", NULL},
	{EDQUOT, "", " exceeds what the receiver accepts in one delivery, or its user's disk quota",
	 "Send less at a time", NULL},
	{EILSEQ, "the name ", " has characters that the receiver does not accept",
	 "Rename it, or use --allow-all-names",
	 "Rename it, or give the receiver --allow-all-names"},
	{ENAMETOOLONG, "the name ", " is too long for the receiver", "Rename it", NULL},
	{EINVAL, "the receiver could not make sense of the stream, at ", "",
	 "Is it a qfile-unpacker that runs there?", NULL},
	{EROFS, "the disk of the other VM is read-only, at ", "",
	 "Make it writable there and try again", NULL},
	{EACCES, "the receiver may not write to its own PedOSIncoming, at ", "",
	 "Correct its permissions there", NULL},
	{EPERM, "the receiver could not do its work, at ", "",
	 "Its log says why, and so does its --verbose", NULL},
	{ECANCELED, "the receiver was stopped, at ", "", "Try again", NULL},
	{ETIMEDOUT, "the receiver waited too long for what comes after ", "",
	 "Try again; its --timeout sets how long it waits", NULL},
	{QFILE_ETRUNCATED, "the receiver saw the stream end in the middle, at ", "", "Try again",
	 NULL},
};

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

static void explain_result(const struct qfile_result *result, bool via)
{
	char text[512];

	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		const struct failure *failure = &failures[i];

		if (failure->code == result->code) {
			name_entry(result, failure->before, text);
			warnx("%s%s; nothing was copied. %s", text, failure->after,
			      via && failure->advice_via ? failure->advice_via : failure->advice);
			return;
		}
	}
	name_entry(result, "the receiver failed, at ", text);
	/* A code below 4096 may be an errno of Linux, whatever system the receiver runs on. */
	warnx("%s: %s (%u); nothing was copied", text,
	      result->code < 4096 ? strerror((int)result->code) : "unknown error", result->code);
}

void explain_failure(int code, const struct qfile_error *error, const struct qfile_result *result,
		     bool via)
{
	char text[1024];

	switch (code) {
	case -EREMOTEIO:
		explain_result(result, via);
		break;
	case -EBADMSG:
		warnx("what arrived is not what was sent: the checksums differ, as when a file is "
		      "written while it is sent. Remove the copy in the other VM and try again");
		break;
	case -EPROTO:
		warnx("the receiver reported success before everything was sent; do not rely "
		      "on the copy. Is it a qfile-unpacker that runs there?");
		break;
	case -ECONNRESET:
		warnx("the connection was lost before the receiver confirmed. Look in "
		      "PedOSIncoming there whether it has arrived, and try again if not");
		break;
	default:
		warnx("%s; nothing was copied", qfile_error_text(error, text, sizeof(text)));
	}
}

void explain_left_out(struct left *left, int step, const char *name)
{
	switch (step) {
	case QFILE_STEP_SKIPPED:
		left_add(left, name, "it is neither a file nor a directory nor a link");
		break;
	case QFILE_STEP_VANISHED:
		left_add(left, name, "it was removed or replaced before it could be read");
		break;
	case QFILE_STEP_EXCLUDED:
		/* Below what the user has named, that is as they want it. */
		if (!strchr(name, '/'))
			left_add(left, name, "it is an argument, but the options exclude it");
		break;
	default:
		break;
	}
}

void explain_kept(struct left *left, const struct qfile_error *kept)
{
	char why[300];

	switch (kept->code) {
	case ESTALE:
		left_add(left, kept->name, "it changed after it was opened");
		break;
	case EEXIST:
		left_add(left, kept->name, "it appeared after its directory was sent");
		break;
	case EOVERFLOW:
		left_add(left, kept->name,
			 "its time is before 1970 or after 2106, and could not be sent; --any-time "
			 "removes it nevertheless");
		break;
	default:
		snprintf(why, sizeof(why), "it cannot be removed: %s", strerror(kept->code));
		left_add(left, kept->name, why);
	}
}
