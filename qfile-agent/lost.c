/*
 * Messages about a receiver that did not answer, and about what is none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "lost.h"
#include "options.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_THERE "Look in PedOSIncoming there whether it has arrived"

/* What an older program at the other end may not know, and what it then does is to end. */
static const char *unknown_wish(const struct calling_options *calling)
{
	if (calling->rename && calling->allow_all_names)
		return ". It may not know --rename and --allow-all-names: try without";
	if (calling->rename)
		return ". It may not know --rename: try without";
	if (calling->allow_all_names)
		return ". It may not know --allow-all-names: try without";
	return "";
}

void explain_lost(const struct calling_options *calling, const struct via_end *end, bool unfinished)
{
	char how[512] = "the other side closed it without a result";

	if (end) {
		via_describe(calling, &receiver, end, how);
		unfinished |= end->unread || via_never_began(calling, &receiver, end);
	}
	if (unfinished)
		warnx("the connection was lost: %s; nothing was copied%s", how,
		      unknown_wish(calling));
	else
		warnx("the connection was lost before the receiver confirmed: %s. " LOOK_THERE
		      ", and try again if not%s",
		      how, unknown_wish(calling));
}

bool is_result(const struct qfile_result *result)
{
	if (result->code < 4096) /* an errno of Linux, or success */
		return true;
	for (int i = 0; i < 4; i++) {
		const char c = (char)(result->code >> (8 * i));

		/* The text may have ended, and zeros of the result behind it been read with it. */
		if (!(c >= ' ' && c <= '~') && !strchr("\t\n\r\033", c))
			return true;
	}
	return false;
}

void explain_nonsense(bool unfinished)
{
	warnx("what came back is no result of a receiver. Does something else write to stdout "
	      "there, such as a login script (~/.bashrc)? %s",
	      unfinished ? "Nothing was copied" : LOOK_THERE);
}

bool is_ignored_wish(const struct calling_options *calling, const struct qfile_result *result)
{
	return (result->code == EEXIST && calling->rename) ||
	       (result->code == EILSEQ && calling->allow_all_names);
}

void explain_ignored_wish(const struct qfile_result *result)
{
	char name[300];

	qfile_printable(result->name, result->namelen, name, sizeof(name));
	if (result->code == EEXIST)
		warnx("\"%s\" is there already, and the receiver does not do what --rename asks "
		      "for: it may be too old to know it. Nothing was copied. Move that one away",
		      name);
	else
		warnx("the receiver does not accept the name \"%s\", though --allow-all-names was "
		      "given: it may be too old to know that, or the name begins with "
		      QFILE_STAGING_PREFIX ". Nothing was copied. Rename it",
		      name);
}

void explain_no_receiver(const struct calling_options *calling, const struct via_end *end,
			 bool answered)
{
	char how[512];

	via_describe(calling, &receiver, end, how);
	if (answered || !via_failed(end))
		warnx("no receiver answered%s: %s. Only a receiver gets files, so nothing was "
		      "copied. Name qfile-unpacker in the command, as in --via='ssh host "
		      "qfile-unpacker', or use --ssh=HOST",
		      answered ? ", but something else did" : "", how);
	else
		warnx("no receiver answered: %s; nothing was copied", how);
}
