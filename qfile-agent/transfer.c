/*
 * One transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transfer.h"

#include "explain.h"
#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Remember what the user must be told in the end. */
static void remember(struct transfer *transfer, int step)
{
	const char *name = qfile_sender_name(transfer->sender);
	struct report *report = &transfer->report;

	if (step == QFILE_STEP_UNREADABLE)
		explain_unreadable(&report->left_out, name, transfer->error.code);
	else if (step == QFILE_STEP_CHANGED)
		listed_add(&report->changed, name, "what arrived is a state in between");
	else if (step == QFILE_STEP_TIME)
		listed_add(&report->times, name, EXPLAIN_TIME);
	else
		explain_left_out(&report->left_out, step, name);
}

/* With --verbose: which entry is being sent, once for each. */
static void tell_sent(struct transfer *transfer, uint64_t before)
{
	const char *sent = qfile_sender_name(transfer->sender);
	char name[1024];

	if (!transfer->options->calling.verbose ||
	    qfile_sender_sent(transfer->sender).entries == before)
		return;
	qfile_displayable(sent, strlen(sent), name, sizeof(name), 500);
	show_clear(&transfer->show);
	fprintf(stderr, "sending \"%s\"\n", name);
}

/*
 * Send one source. Returns QFILE_STEP_DONE, QFILE_STEP_RESULT or a negative errno. -EACCES: an
 * entry cannot be read, and the report says so.
 */
static int send_source(struct transfer *transfer, const struct qfile_source *source)
{
	uint64_t before;
	int step;

	qfile_sender_begin(transfer->sender, source);
	do {
		before = qfile_sender_sent(transfer->sender).entries;
		step = qfile_sender_step(transfer->sender, &transfer->error);
		if (step == QFILE_STEP_UNREADABLE &&
		    !(transfer->options->flags & QFILE_SKIP_UNREADABLE)) {
			survey_unreadable(transfer);
			return -EACCES;
		}
		tell_sent(transfer, before);
		if (step > 0)
			remember(transfer, step);
		show_progress(&transfer->show, qfile_sender_sent(transfer->sender),
			      qfile_sender_name(transfer->sender));
	} while (step > 0 && step != QFILE_STEP_RESULT);
	return step;
}

static int send_all(struct transfer *transfer)
{
	const struct sources *sources = &transfer->sources;
	int r;

	show_phase(&transfer->show, SHOW_SENDING);
	r = qfile_sender_new(&transfer->sender, &transfer->ends);
	transfer->error = (struct qfile_error){.code = -r};
	for (size_t i = 0; i < sources->count && r == QFILE_STEP_DONE; i++)
		r = send_source(transfer, &sources->list[i]);
	/* Everything has vanished, or become unreadable, since the survey. */
	if (r == QFILE_STEP_DONE && qfile_sender_sent(transfer->sender).entries == 0) {
		show_clear(&transfer->show);
		survey_nothing_left(&transfer->report);
		r = -ENOENT;
	}
	return r;
}

/* `all`: everything was sent. Otherwise there is a result already, and nothing to wait for. */
static int finish(struct transfer *transfer, bool all)
{
	int r;

	if (all)
		show_phase(&transfer->show, SHOW_CONFIRMING);
	r = qfile_sender_finish(transfer->sender, &transfer->report.result, &transfer->error);
	if (r == 0)
		show_end(&transfer->show, qfile_sender_sent(transfer->sender),
			 qfile_sender_name(transfer->sender));
	return r;
}

/* Remove what was sent, and list what must be kept. Returns whether it could go on to the end. */
static bool remove_sent(struct transfer *transfer)
{
	struct report *report = &transfer->report;
	struct qfile_remover *remover;
	struct qfile_error kept;
	int r = qfile_remover_new(&remover, transfer->ends.journal);

	show_phase(&transfer->show, SHOW_REMOVING);
	if (r == 0) {
		while ((r = qfile_remover_next(remover, &kept)) > 0)
			explain_kept(&report->kept, &kept);
		qfile_remover_free(remover);
	}
	if (r < 0) {
		report->ending.code = (uint32_t)-r;
		snprintf(report->ending.message, sizeof(report->ending.message),
			 "everything was copied, but not all of it could be removed here: %s",
			 strerror(-r));
	}
	return r == 0;
}

void transfer_explain(struct transfer *transfer, int code, const struct via_end *end)
{
	struct pollfd signals = {.fd = transfer->signals, .events = POLLIN};
	const struct explain about = {
		.calling = &transfer->options->calling,
		.to = transfer->report.to,
		.end = end,
		.ended = transfer->ended,
		.closed = poll(&signals, 1, 0) == 0,
		.error = &transfer->error,
		.result = &transfer->report.result,
	};

	explain_failure(&about, code, &transfer->report.ending);
}

/* What was sent, for the report. */
static void take_counts(struct transfer *transfer)
{
	if (!transfer->sender)
		return;
	transfer->report.sent = qfile_sender_count(transfer->sender);
	transfer->report.size = qfile_sender_sent(transfer->sender);
}

void transfer_say_late(struct transfer *transfer, int code, const struct via_end *end)
{
	transfer_explain(transfer, code, end);
	show_clear(&transfer->show);
	report_say(&transfer->report);
}

/* The receiver has confirmed. Returns whether all was sent as it is, and with a move removed. */
static bool complete(struct transfer *transfer)
{
	struct report *report = &transfer->report;
	bool removed;

	report->ending.outcome = "copied";
	removed = transfer->ends.journal < 0 || remove_sent(transfer);
	return removed && report->left_out.count + report->changed.count + report->kept.count == 0;
}

/* Does the command tell more of this failure when it ends: by its status, or on stderr? */
static bool is_said_late(const struct transfer *transfer, int code)
{
	return transfer->has_command &&
	       (code == -ECONNRESET ||
		(code == -EREMOTEIO && transfer->report.result.code == EPERM));
}

int transfer_run(struct transfer *transfer)
{
	int flags = fcntl(transfer->ends.out, F_GETFL), r;

	/*
	 * An early result must be noticed even if the receiver no longer reads. The flags are
	 * shared with the parent, so they are put back.
	 */
	fcntl(transfer->ends.out, F_SETFL, flags | O_NONBLOCK);
	r = send_all(transfer);
	if (r >= 0)
		r = finish(transfer, r == QFILE_STEP_DONE);
	fcntl(transfer->ends.out, F_SETFL, flags);
	take_counts(transfer);
	transfer->ended = transfer->sender && qfile_sender_ended(transfer->sender);
	qfile_sender_free(transfer->sender);
	if (is_said_late(transfer, r))
		return r;
	if (r == 0)
		r = complete(transfer) ? 0 : 1;
	else if (!transfer->report.ending.outcome)
		transfer_explain(transfer, r, NULL);
	show_clear(&transfer->show);
	report_say(&transfer->report);
	return r >= 0 || r == -ECANCELED || r == -ECONNRESET ? r : -1;
}
