/*
 * Who is told what of a delivery.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "tell.h"

#include "cli/log.h"
#include "system/refusal.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * What the sender did is told by the error's code alone. What was being done here when it failed
 * concerns this side, but for a sender that went away.
 */
static bool is_ours(const struct qfile_error *error)
{
	return error->doing && error->code != ECONNRESET;
}

/* A sign that the parser was taken over: nobody but this side may know what was seen. */
static bool is_alarm(const struct qfile_error *error)
{
	static const char *const doing[] = {
		"verifying",
		"listening to the unpacking process",
		"ending the unpacking process",
	};

	for (size_t i = 0; error->doing && i < sizeof(doing) / sizeof(*doing); i++) {
		if (strcmp(error->doing, doing[i]) == 0)
			return true;
	}
	return false;
}

/* On stderr, where the sender may read it, of something that no result has told them. */
static void tell_instead(const struct qfile_error *error, const char *text, bool logged)
{
	if (!is_ours(error) || (!logged && !is_alarm(error)))
		warnx("%s; nothing was received", text);
	else if (logged)
		warnx("the receiver could not do its work: the log there says why; nothing was "
		      "received");
	else
		warnx("the receiver could not do its work: there is no log there; run it with "
		      "--verbose to see why; nothing was received");
}

/*
 * Of what a sender left off, or what was stopped here, nothing was refused. A name that is too long
 * loses its beginning; one of this side's, such as a directory's, is not told.
 */
static void tell_desktop(const struct audience *audience, const struct qfile_error *error,
			 bool logged)
{
	struct refusal refusal = {.code = (uint32_t)error->code};
	const size_t length = strlen(error->name), most = sizeof(refusal.name) - 1;

	if (!audience->desktop || !audience->source || error->code == QFILE_ETRUNCATED ||
	    error->code == ECONNRESET || error->code == ECANCELED)
		return;
	snprintf(refusal.source, sizeof(refusal.source), "%s", audience->source);
	if (is_ours(error))
		refusal.flags = REFUSAL_OURS | (is_alarm(error) ? REFUSAL_ALARM : 0) |
				(logged ? REFUSAL_LOGGED : 0);
	else
		snprintf(refusal.name, sizeof(refusal.name), "%s",
			 error->name + (length > most ? length - most : 0));
	refusal_tell(&refusal);
}

void tell_failure(const struct audience *audience, const struct qfile_error *error, int told)
{
	bool ours = is_ours(error), logged = false;
	char text[1024];

	qfile_error_text(error, text, sizeof(text));
	if (ours)
		logged = log_alarm(audience->source, text);
	tell_desktop(audience, error, logged);
	if (audience->verbose || (ours && isatty(STDERR_FILENO)))
		warnx("%s; nothing was received", text);
	/* It has stopped, and told its own user why; or it died. */
	else if (!ours && error->code == QFILE_ETRUNCATED)
		return;
	else if (told < 0)
		tell_instead(error, text, logged);
	/*
	 * The sender has been told that it failed, and its user is told by the sender. If this is
	 * all that they know, and no log has the reason, it is said here.
	 */
	else if (ours && told == EPERM && !logged && !is_alarm(error))
		warnx("%s", text);
}

void tell_what_child_said(const struct audience *audience, const char *said)
{
	char text[QFILE_SAID_SIZE + 64];

	snprintf(text, sizeof(text), "the unpacking process wrote to stderr: %s", said);
	log_alarm(audience->source, text);
	if (audience->verbose || isatty(STDERR_FILENO))
		warnx("%s", text);
}

void tell_left(const struct audience *audience)
{
	static const char text[] = "what a broken delivery left could not be removed: look "
				   "for " QFILE_STAGING_PREFIX "* where it was to arrive";
	bool logged = log_alarm(audience->source, text);

	if (!logged || audience->verbose || isatty(STDERR_FILENO))
		warnx("%s", text);
}

void tell_layers(unsigned layers)
{
	char text[256] = "";

	for (unsigned bit = 1; qfile_layer_name((enum qfile_layer)bit); bit <<= 1) {
		if (layers & bit)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 *text ? ", " : "", qfile_layer_name((enum qfile_layer)bit));
	}
	warnx("confinement in force: %s", *text ? text : "none, nothing was read");
}

void tell_success(const struct audience *audience, const struct qfile_receive_outcome *outcome)
{
	if (audience->verbose)
		warnx("received %" PRIu64 " %s, %" PRIu64 " %s; %u under another name",
		      outcome->received.size.entries,
		      outcome->received.size.entries == 1 ? "entry" : "entries",
		      outcome->received.size.bytes,
		      outcome->received.size.bytes == 1 ? "byte" : "bytes", outcome->renamed);
	if (!outcome->result_sent)
		warnx("everything was received, but the sender had gone before it could be told");
}
