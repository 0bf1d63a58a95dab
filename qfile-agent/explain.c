/*
 * What went wrong, in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("qfile-agent: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* What a receiver answers, and what a user can make of it. %s: the entry, sanitised, in quotes. */
static const struct {
	uint32_t code;
	const char *sentence;
} answers[] = {
	{EEXIST, "%s is there already, in PedOSIncoming of the other VM; nothing was copied. Move it away there, or use --rename to keep both"},
	{ENOLINK, "the link %s points outside of what is copied, so the receiver refuses it; nothing was copied. Use --dereference to send "
	          "what it points to, or --ignore-symlinks to leave links out"},
	{ENOSPC, "the disk of the other VM is full, at %s; nothing was copied. Free some space there and try again"},
	{EDQUOT, "%s exceeds what the receiver accepts in one delivery, or its user's quota; nothing was copied. Send less at a time"},
	{EILSEQ, "the name %s has characters that the receiver does not accept; nothing was copied. Rename it, or use --allow-all-names"},
	{ENAMETOOLONG, "the name %s is too long for the receiver; nothing was copied. Rename it"},
	{EINVAL, "the receiver could not make sense of the stream, at %s; nothing was copied. Is it a qfile-unpacker that runs there?"},
	{ECANCELED, "the receiver was stopped, at %s; nothing was copied"},
	{EACCES, "the receiver may not write to its own PedOSIncoming, at %s; nothing was copied. See to its permissions there"},
	{EROFS, "the disk of the other VM is read-only, at %s; nothing was copied"},
	{EPERM, "the receiver is not allowed to do its work there, at %s; nothing was copied. Its log says why"},
	{QFILE_ETRUNCATED, "the receiver saw the stream end in the middle, at %s; nothing was copied. Try again"},
};

static void explain_answer(const struct qfile_result *result)
{
	char name[300] = "\"";
	size_t length = 1 + qfile_printable(result->name, result->namelen, name + 1, sizeof(name) - 2);

	if (result->namelen == 0)
		strcpy(name, "an unnamed entry");
	else
		strcpy(name + length, "\"");
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		if (answers[i].code == result->code) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			say(answers[i].sentence, name);
#pragma GCC diagnostic pop
			return;
		}
	}
	say("the receiver failed at %s: %s; nothing was copied", name, result->code < 4096 ? strerror((int)result->code) : "unknown error");
}

void explain_failure(int code, const struct qfile_error *error, const struct qfile_result *result)
{
	char text[1024];

	switch (code) {
	case -EREMOTEIO:
		explain_answer(result);
		break;
	case -EBADMSG:
		say("what arrived is not what was sent: the checksums differ. Remove the copy in the other VM and try again");
		break;
	case -EPROTO:
		say("the receiver answered with success before everything was sent; do not rely on the copy. Is it a qfile-unpacker that runs there?");
		break;
	case -ECONNRESET:
		say("the connection was lost before the receiver confirmed; nothing is certain to have arrived. See what is in PedOSIncoming there, and try again");
		break;
	default:
		say("%s; nothing was copied", qfile_error_text(error, text, sizeof(text)));
	}
}

void explain_kept(const struct qfile_error *kept)
{
	char name[1024];

	qfile_displayable(kept->name, strlen(kept->name), name, sizeof(name), 500);
	if (kept->code == ESTALE)
		say("kept \"%s\": it changed after it was sent", name);
	else if (kept->code == EEXIST)
		say("kept \"%s\": it appeared after its directory was sent", name);
	else
		say("could not remove \"%s\": %s", name, strerror(kept->code));
}
