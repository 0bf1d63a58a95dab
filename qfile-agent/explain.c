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
	{ENAMETOOLONG, "the name ", " is too long for the receiver or its disk", "Rename it", NULL},
	{EADDRNOTAVAIL, "the disk of the other VM refuses the name ", "",
	 "Rename it, or deliver to another disk there", NULL},
	{ENOTUNIQ, "the disk of the other VM takes ",
	 " and another name that is sent with it for the same", "Rename one of them", NULL},
	{EOPNOTSUPP, "the disk of the other VM cannot take what is sent, at ", "",
	 "Deliver to another disk there; its log says what that one lacks", NULL},
	{EFBIG, "the disk of the other VM has no files as large as ", "",
	 "Deliver to another disk there", NULL},
	{EOVERFLOW, "the disk of the other VM cannot hold the times of ", "",
	 "Correct the date of its last change, or deliver to another disk there", NULL},
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

void explain_kept(const struct qfile_error *kept)
{
	char name[1024];

	qfile_displayable(kept->name, strlen(kept->name), name, sizeof(name), 500);
	if (kept->code == ESTALE)
		warnx("kept \"%s\": it changed after it was sent", name);
	else if (kept->code == EEXIST)
		warnx("kept \"%s\": it appeared after its directory was sent", name);
	else
		warnx("could not remove \"%s\": %s", name, strerror(kept->code));
}
