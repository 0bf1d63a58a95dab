/*
 * What is told of one VM: what has arrived from it, and what was refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "subject.h"

#include "folder.h"
#include "notice.h"

#include "text/vmname.h"

#include <glib/gi18n.h>

/*
 * Milliseconds: what comes so soon after the end of a delivery is told with it; and what goes on
 * arriving is told after so long.
 */
#define QUIET 600
#define LONG  10000

static GDBusConnection *bus;
static struct notices *notices;

/* What is said of one VM. */
struct subject {
	struct source *source;
	struct arrivals arrivals;
	struct notice of_arrivals;
	gint64 since; /* there is something to tell of them, as g_get_monotonic_time() */
	struct refusal last;
	unsigned long refused;
	struct notice of_refusals;
};

/* ---- Notices of arrivals ---- */

static bool describe_arrivals(void *owner, struct words *words)
{
	struct subject *subject = owner;
	char *path = incoming_path(subject->source);

	arrivals_check(&subject->arrivals, path);
	g_free(path);
	if (arrivals_none(&subject->arrivals))
		return false;
	words_of_arrivals(subject->source->name, &subject->arrivals, words);
	return true;
}

/* What is still to be told stays. */
static void closed_arrivals(void *owner)
{
	struct subject *subject = owner;

	if (!notice_waits(&subject->of_arrivals))
		arrivals_clear(&subject->arrivals);
}

static bool describe_failure(void *owner, struct words *words)
{
	char **of_failure = owner;

	*words = (struct words){g_strdup(of_failure[0]), g_strdup(of_failure[1])};
	return true;
}

static void closed_failure(void *owner)
{
	(void)owner;
}

/* The file manager did not come. Where the files are is said by the notice of this path. */
static void not_shown(void *data, const char *sentence)
{
	static char *texts[2];
	static struct notice notice = {
		.owner = texts, .describe = describe_failure, .closed = closed_failure};
	char *path = incoming_path(data);

	g_free(texts[0]);
	g_free(texts[1]);
	texts[0] = g_strdup(sentence);
	texts[1] = g_filename_display_name(path);
	g_free(path);
	notice.server = notices;
	notice_soon(&notice, 0);
}

static void chosen_arrivals(void *owner, const char *token)
{
	struct subject *subject = owner;
	char *path = incoming_path(subject->source);

	arrivals_check(&subject->arrivals, path);
	folder_show(bus, path, &subject->arrivals, token, not_shown, subject->source);
	g_free(path);
}

/* ---- Notices of refusals ---- */

static bool describe_refusals(void *owner, struct words *words)
{
	const struct subject *subject = owner;

	if (subject->refused == 0)
		return false;
	words_of_refusals(subject->source->name, subject->refused, &subject->last, words);
	return true;
}

static void closed_refusals(void *owner)
{
	struct subject *subject = owner;

	if (!notice_waits(&subject->of_refusals))
		subject->refused = 0;
}

void subjects_refused(const struct refusal *untrusted)
{
	struct source *source =
		vm_name_ok(untrusted->source) ? incoming_source(untrusted->source) : NULL;
	struct subject *subject = source ? source->subject : NULL;

	if (!subject)
		return;
	subject->refused++;
	subject->last = *untrusted;
	if (!notice_waits(&subject->of_refusals))
		notice_soon(&subject->of_refusals, QUIET);
}

/* ---- What happens where deliveries arrive ---- */

/* Of a source that takes the place of another one, nothing is to be told any more. */
static void added(struct source *source)
{
	struct subject *subject = source->subject;

	if (!subject)
		subject = source->subject = g_new0(struct subject, 1);
	arrivals_clear(&subject->arrivals);
	*subject = (struct subject){
		.source = source,
		.of_arrivals = {.server = notices,
				.owner = subject,
				.describe = describe_arrivals,
				.closed = closed_arrivals,
				.chosen = chosen_arrivals},
		.of_refusals = {.server = notices,
				.owner = subject,
				.describe = describe_refusals,
				.closed = closed_refusals},
	};
}

/* In so many milliseconds, but not later because more and more arrives. */
static void tell_arrivals(struct subject *subject, unsigned milliseconds)
{
	const gint64 now = g_get_monotonic_time();
	gint64 left;

	if (!notice_waits(&subject->of_arrivals))
		subject->since = now;
	left = LONG - (now - subject->since) / 1000;
	notice_soon(&subject->of_arrivals, (unsigned)CLAMP(left, 0, (gint64)milliseconds));
}

static void arrived(struct source *source, const char *name, bool folder)
{
	struct subject *subject = source->subject;

	arrivals_add(&subject->arrivals, name, folder);
	tell_arrivals(subject, LONG);
}

static void overflowed(struct source *source)
{
	struct subject *subject = source->subject;

	subject->arrivals.more = true;
	tell_arrivals(subject, LONG);
}

static void settled(struct source *source)
{
	struct subject *subject = source->subject;

	if (notice_waits(&subject->of_arrivals))
		tell_arrivals(subject, QUIET);
}

static bool is_idle(const struct notice *notice)
{
	return notice->id == 0 && !notice->asked && !notice_waits(notice);
}

static bool unneeded(const struct source *source)
{
	const struct subject *subject = source->subject;

	return is_idle(&subject->of_arrivals) && is_idle(&subject->of_refusals);
}

const struct incoming_events subjects_events = {
	.added = added,
	.arrived = arrived,
	.overflowed = overflowed,
	.settled = settled,
	.unneeded = unneeded,
};

void subjects_begin(GDBusConnection *connection)
{
	bus = connection;
	notices = notices_new(connection);
}
