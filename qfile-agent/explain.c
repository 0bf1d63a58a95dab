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
	{EPERM, "the receiver could not do its work, at ", "", "Its log says why", NULL},
	{ECANCELED, "the receiver was stopped, at ", "", "Try again", NULL},
	{ETIMEDOUT, "the receiver waited too long for what comes after ", "",
	 "Try again; its --timeout sets how long it waits", NULL},
	{QFILE_ETRUNCATED, "the receiver saw the stream end in the middle, at ", "", "Try again",
	 NULL},
};

static void explain_result(const struct qfile_result *result, bool via)
{
	char name[300] = "\"";
	size_t length =
		1 + qfile_printable(result->name, result->namelen, name + 1, sizeof(name) - 2);

	strcpy(name + length, "\"");
	if (result->namelen == 0)
		strcpy(name, "an entry that it does not name");
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		const struct failure *failure = &failures[i];

		if (failure->code == result->code) {
			warnx("%s%s%s; nothing was copied. %s", failure->before, name,
			      failure->after,
			      via && failure->advice_via ? failure->advice_via : failure->advice);
			return;
		}
	}
	/* A code below 4096 may be an errno of Linux, whatever system the receiver runs on. */
	warnx("the receiver failed at %s: %s (%u); nothing was copied", name,
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
