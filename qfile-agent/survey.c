/*
 * The survey: what would be sent, and what stands in the way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "survey.h"

#include "cli/usage.h"
#include "explain.h"
#include "failures.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct survey {
	struct transfer *transfer;
	struct qfile_sender *looker;
	const char *known; /* the name of an unreadable entry that is listed already, or "" */
	/* What cannot be read, what is left out for other reasons, and what would be refused. */
	struct listed unreadable, left_out, refused, times;
	const struct failure *refusal; /* why the first one would be refused */
	struct qfile_count count;      /* what there is to send */
};

/* Would a move keep what has a time that cannot be sent? */
static bool keeps_times(const struct options *options)
{
	return options->move && !(options->flags & QFILE_ANY_TIME);
}

static void found(struct survey *survey, int step, const struct qfile_error *error)
{
	const char *name = qfile_sender_name(survey->looker);

	switch (step) {
	case QFILE_STEP_UNREADABLE:
		if (strcmp(name, survey->known) != 0)
			explain_unreadable(&survey->unreadable, name, error->code);
		break;
	case QFILE_STEP_REFUSABLE:
		if (survey->refused.count == 0)
			survey->refusal =
				failure_of_entry((uint32_t)error->code, name, strlen(name));
		explain_refusable(&survey->refused, name, error->code);
		break;
	case QFILE_STEP_TIME:
		listed_add(&survey->times, name,
			   keeps_times(survey->transfer->options) ? EXPLAIN_TIME_KEPT
								  : EXPLAIN_TIME);
		break;
	default:
		explain_left_out(&survey->left_out, step, name);
	}
}

/* Look at all sources, with QFILE_LOOK_ONLY or QFILE_LOOK_QUICKLY. Returns 0 or a negative errno.
 */
static int look(struct survey *survey, unsigned how)
{
	struct transfer *transfer = survey->transfer;
	struct qfile_sender_options options = transfer->ends;
	int r;

	options.flags |= how;
	/* The receiver will be asked for that. */
	if (transfer->options->calling.allow_all_names)
		options.flags |= QFILE_LOOK_ALL_NAMES;
	options.journal = -1;
	r = qfile_sender_new(&survey->looker, &options);
	transfer->error = (struct qfile_error){.code = -r};
	for (size_t i = 0; i < transfer->sources.count && r == QFILE_STEP_DONE; i++) {
		qfile_sender_begin(survey->looker, &transfer->sources.list[i]);
		while ((r = qfile_sender_step(survey->looker, &transfer->error)) > 0)
			found(survey, r, &transfer->error);
	}
	if (r == 0) {
		transfer->whole = qfile_sender_sent(survey->looker);
		survey->count = qfile_sender_count(survey->looker);
	}
	qfile_sender_free(survey->looker);
	return r;
}

static bool skips_unreadable(const struct survey *survey)
{
	return survey->transfer->options->flags & QFILE_SKIP_UNREADABLE;
}

static void fail(struct report *report, int code, const char *message)
{
	report->ending = (struct ending){.outcome = "failed", .code = (uint32_t)code, .entry = ""};
	snprintf(report->ending.message, sizeof(report->ending.message), "%s", message);
}

/*
 * It fails for what is in the list, as `outcome` says. The message names a single entry; several
 * are told here, and the message counts them.
 */
static void fail_for(struct report *report, int code, const char *before,
		     const struct listed *listed, const char *outcome)
{
	char text[1024];
	size_t length;

	if (listed->count == 1 && listed->names[0] && listed->reasons[0]) {
		length = listed_line(listed, 0, before, text, 768);
	} else {
		listed_say(listed, before);
		length = (size_t)snprintf(text, sizeof(text), "%s %" PRIu64 " %s", before,
					  listed->count, listed->count == 1 ? "entry" : "entries");
	}
	snprintf(text + length, sizeof(text) - length, "; %s", outcome);
	fail(report, code, text);
	if (listed->names[0]) {
		report->ending.entry = listed->names[0];
		report->ending.entry_length = strlen(listed->names[0]);
	}
}

static void fail_unreadable(struct report *report, const struct listed *unreadable,
			    const char *outcome)
{
	char text[128];

	snprintf(text, sizeof(text), "%s. Use --skip-unreadable to send everything else", outcome);
	fail_for(report, EACCES, "cannot read", unreadable, text);
	report->ending.help = "skip-unreadable";
}

/* `advice` is about the first one. */
static void fail_refused(struct report *report, const struct listed *refused,
			 const struct failure *why)
{
	char text[192] = "nothing would be copied";

	if (why)
		snprintf(text, sizeof(text), "nothing would be copied. %s%c%s",
			 refused->count > 1 ? "The first one: " : "",
			 refused->count > 1 ? tolower(*why->advice) : *why->advice,
			 why->advice + 1);
	fail_for(report, why ? (int)why->code : EINVAL, "the receiver would refuse", refused, text);
	report->ending.help = why ? why->help : NULL;
}

/* --dry-run has found that nothing would be copied: why, and what helps. */
static void tell_nothing(const struct survey *survey, bool unreadable)
{
	struct report *report = &survey->transfer->report;

	if (unreadable)
		fail_unreadable(report, &survey->unreadable, "nothing would be copied");
	else if (survey->refused.count > 0)
		fail_refused(report, &survey->refused, survey->refusal);
	else
		fail(report, ENOENT, "nothing is left to send, and nothing would be copied");
	warnx("%s", report->ending.message);
}

/* What --dry-run says of times. Returns whether a move would keep something because of them. */
static bool tell_times(const struct survey *survey)
{
	const struct options *options = survey->transfer->options;

	if (keeps_times(options)) {
		listed_say(&survey->times, "would keep here");
		return survey->times.count > 0;
	}
	if (options->calling.verbose || options->move)
		listed_say(&survey->times, "would arrive with another time:");
	return false;
}

/* Say what --dry-run finds. Returns the exit status that sending would have. */
static int tell(const struct survey *survey)
{
	struct transfer *transfer = survey->transfer;
	struct report *report = &transfer->report;
	bool unreadable = survey->unreadable.count && !skips_unreadable(survey), keeps;

	if (!unreadable)
		listed_take(&report->left_out, &survey->unreadable);
	listed_take(&report->left_out, &survey->left_out);
	listed_say(&report->left_out, "would leave out");
	if (unreadable)
		listed_say(&survey->refused, "the receiver would refuse");
	keeps = tell_times(survey);
	if (unreadable || survey->refused.count || transfer->whole.entries == 0) {
		tell_nothing(survey, unreadable);
		return EXIT_FAILED;
	}
	report->ending.outcome = "possible";
	report->size = transfer->whole;
	report->sent = survey->count;
	if (printf("would send %llu %s with %llu %s\n", (unsigned long long)transfer->whole.entries,
		   transfer->whole.entries == 1 ? "entry" : "entries",
		   (unsigned long long)transfer->whole.bytes,
		   transfer->whole.bytes == 1 ? "byte" : "bytes") < 0 ||
	    fflush(stdout) != 0) {
		warn("writing to stdout");
		report->ending.outcome = "failed";
		return EXIT_FAILED;
	}
	return report->left_out.count > 0 || keeps ? EXIT_PARTLY : 0;
}

static void tell_unreadable(const struct survey *survey)
{
	struct report *report = &survey->transfer->report;

	report->left_out = survey->unreadable;
	fail_unreadable(report, &survey->unreadable, "nothing was copied");
}

void survey_nothing_left(struct report *report)
{
	listed_say(&report->left_out, "left out");
	fail(report, ENOENT, "nothing is left to send, and nothing was copied");
}

/* A process with one of these capabilities may read every file of a local file system. */
static bool may_read_everything(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[0].effective & (1u << CAP_DAC_READ_SEARCH | 1u << CAP_DAC_OVERRIDE);
}

/* Is the size of everything needed? Of a call through the rpc client, only when it is answered. */
static bool must_count(const struct transfer *transfer)
{
	return transfer->options->dry_run ||
	       (show_wants_total(&transfer->show) && !transfer->options->calling.vm);
}

/*
 * To ask of each of 50,000 small files whether it may be read takes a tenth of the time of sending
 * them. So it is not done where nobody needs the answer.
 */
static bool must_look(const struct transfer *transfer)
{
	return must_count(transfer) || transfer->options->excluded ||
	       transfer->options->flags & QFILE_IGNORE_LINKS || !may_read_everything();
}

/* Can everything be sent? If not, the report says why. */
static bool judge(struct survey *survey)
{
	struct transfer *transfer = survey->transfer;
	struct report *report = &transfer->report;

	show_clear(&transfer->show);
	if (survey->unreadable.count && !skips_unreadable(survey)) {
		tell_unreadable(survey);
		return false;
	}
	if (transfer->whole.entries > 0)
		return true;
	listed_take(&report->left_out, &survey->unreadable);
	listed_take(&report->left_out, &survey->left_out);
	survey_nothing_left(report);
	return false;
}

int survey(struct transfer *transfer)
{
	static struct survey survey = {.known = ""};
	bool count = must_count(transfer);
	int r;

	if (!must_look(transfer))
		return -1;
	survey.transfer = transfer;
	if (count && !transfer->options->dry_run)
		show_phase(&transfer->show, SHOW_COUNTING);
	r = look(&survey, count ? QFILE_LOOK_ONLY : QFILE_LOOK_QUICKLY);
	if (r < 0)
		transfer_explain(transfer, r, NULL);
	else if (transfer->options->dry_run)
		return tell(&survey);
	else if (judge(&survey)) {
		if (count)
			transfer->show.total = transfer->whole;
		return -1;
	}
	show_clear(&transfer->show);
	report_say(&transfer->report);
	return EXIT_FAILED;
}

void survey_unreadable(struct transfer *transfer)
{
	static struct survey survey;
	int r;

	show_clear(&transfer->show);
	survey.transfer = transfer;
	survey.known = qfile_sender_name(transfer->sender);
	explain_unreadable(&survey.unreadable, survey.known, transfer->error.code);
	r = look(&survey, QFILE_LOOK_ONLY);
	if (r < 0)
		transfer_explain(transfer, r, NULL);
	else
		tell_unreadable(&survey);
}
