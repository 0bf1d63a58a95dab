/*
 * Words about a receiver that did not answer, about one that does not know what it is asked for,
 * and about what is none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "lost.h"
#include "failures.h"
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static void say(struct ending *ending, const char *outcome,
						      const char *format, ...)
{
	va_list arguments;

	ending->outcome = outcome;
	va_start(arguments, format);
	vsnprintf(ending->message, sizeof(ending->message), format, arguments);
	va_end(arguments);
}

/* What an older program at the other end may not know. What it then does is to fail. */
static const char *unknown_wish(const struct calling_options *calling, const struct via_end *end)
{
	if (end && !via_failed(end))
		return "";
	if (calling->rename && calling->allow_all_names)
		return ". It may not know --rename and --allow-all-names: try without";
	if (calling->rename)
		return ". It may not know --rename: try without";
	if (calling->allow_all_names)
		return ". It may not know --allow-all-names: try without";
	return "";
}

/*
 * ssh has shown its own message, and this one says what became of the files. Of a receiver that was
 * killed, ssh says nothing.
 */
static void explain_ssh(const struct explain *about, const char *look, struct ending *ending)
{
	if (about->ended)
		say(ending, "unknown",
		    "ssh failed with status 255 before the receiver confirmed, for the reason that "
		    "it has given, if any. %s, and try again if not",
		    look);
	else
		say(ending, "failed",
		    "ssh failed with status 255, for the reason that it has given, if any; nothing "
		    "was copied");
}

void explain_lost(const struct explain *about, struct ending *ending)
{
	bool ended = about->ended;
	char how[512] = "the other side closed it without a result", look[EXPLAIN_LOOK_SIZE];

	if (about->end) {
		via_describe(about->calling, &receiver, about->end, how);
		if (via_never_began(about->calling, &receiver, about->end))
			ended = false;
	}
	explain_fill(EXPLAIN_LOOK, about->to, look, sizeof(look));
	if (about->end && via_ssh_failed(about->calling, about->end))
		explain_ssh(about, look, ending);
	else if (ended)
		say(ending, "unknown",
		    "the connection was lost before the receiver confirmed: %s. %s, and try again "
		    "if not%s",
		    how, look, unknown_wish(about->calling, about->end));
	else
		say(ending, "failed", "the connection was lost: %s; nothing was copied%s", how,
		    unknown_wish(about->calling, about->end));
}

/* Is it a receiver's failure, and no text? */
static bool is_result(const struct qfile_result *result)
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

static void explain_text(const struct explain *about, struct ending *ending)
{
	char look[EXPLAIN_LOOK_SIZE];

	explain_fill(EXPLAIN_LOOK, about->to, look, sizeof(look));
	say(ending, about->ended ? "unknown" : "failed",
	    "what came back is no result of a receiver. Does something else write to stdout there, "
	    "such as a login script (~/.bashrc)? %s",
	    about->ended ? look : "Nothing was copied");
}

/* The receiver has not done what it was asked for. */
static void explain_ignored_wish(const struct qfile_result *result, struct ending *ending)
{
	char name[512];

	qfile_displayable(result->name, result->namelen, name, sizeof(name), 255);
	ending->code = result->code;
	ending->entry = result->name;
	ending->entry_length = result->namelen;
	if (result->code == EEXIST)
		say(ending, "failed",
		    "\"%s\" is there already, and the receiver does not do what --rename asks for: "
		    "it may be too old to know it; nothing was copied. Move that one away",
		    name);
	else
		say(ending, "failed",
		    "the receiver does not accept the name \"%s\", though --allow-all-names was "
		    "given: it may be too old to know that; nothing was copied. Rename it",
		    name);
}

bool explain_stranger(const struct explain *about, struct ending *ending)
{
	const struct qfile_result *result = about->result;

	if (!is_result(result)) {
		explain_text(about, ending);
		return true;
	}
	if ((result->code == EEXIST && about->calling->rename) ||
	    (result->code == EILSEQ && about->calling->allow_all_names &&
	     !failure_is_reserved(result->code, result->name, result->namelen))) {
		explain_ignored_wish(result, ending);
		return true;
	}
	return false;
}

void explain_no_receiver(const struct explain *about, bool answered, struct ending *ending)
{
	char how[512];

	*ending = (struct ending){.code = answered ? EPROTO : ECONNRESET, .entry = ""};
	via_describe(about->calling, &receiver, about->end, how);
	if (answered || !via_failed(about->end))
		say(ending, "failed",
		    "no receiver answered%s: %s. Only a receiver gets files, so nothing was "
		    "copied. Name qfile-unpacker in the command, as in --via='ssh host "
		    "qfile-unpacker', or use --ssh=HOST",
		    answered ? ", but something else did" : "", how);
	else
		say(ending, "failed", "no receiver answered: %s; nothing was copied", how);
}
