/*
 * One transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transfer.h"

#include "explain.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void explain_skipped(struct transfer *transfer)
{
	static const char why[] = "it is neither a file nor a directory nor a link";
	const char *skipped = qfile_sender_name(transfer->sender);
	char name[300];

	qfile_displayable(skipped, strlen(skipped), name, sizeof(name), 255);
	show_clear(&transfer->show);
	warnx("skipped \"%s\": %s", name, why);
	listed_add(&transfer->report.left_out, skipped, why);
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

/* Send one source. Returns QFILE_STEP_DONE, QFILE_STEP_RESULT or a negative errno. */
static int send_source(struct transfer *transfer, const struct qfile_source *source)
{
	uint64_t before;
	int step;

	qfile_sender_begin(transfer->sender, source);
	do {
		before = qfile_sender_sent(transfer->sender).entries;
		step = qfile_sender_step(transfer->sender, &transfer->error);
		tell_sent(transfer, before);
		if (step == QFILE_STEP_SKIPPED)
			explain_skipped(transfer);
		show_progress(&transfer->show, qfile_sender_sent(transfer->sender),
			      qfile_sender_name(transfer->sender));
	} while (step == QFILE_STEP_SENT || step == QFILE_STEP_SKIPPED);
	return step;
}

static int count_bytes(struct transfer *transfer)
{
	int r = 0;

	show_phase(&transfer->show, SHOW_COUNTING);
	for (size_t i = 0; i < transfer->options->count && r == 0; i++)
		r = qfile_measure(&transfer->sources[i], transfer->options->flags,
				  transfer->ends.stop, &transfer->show.total, &transfer->error);
	return r;
}

static int send_all(struct transfer *transfer)
{
	int r = show_wants_total(&transfer->show) ? count_bytes(transfer) : 0;

	if (r == 0) {
		show_phase(&transfer->show, SHOW_SENDING);
		r = qfile_sender_new(&transfer->sender, &transfer->ends);
		transfer->error = (struct qfile_error){.code = -r};
	}
	for (size_t i = 0; i < transfer->options->count && r == QFILE_STEP_DONE; i++)
		r = send_source(transfer, &transfer->sources[i]);
	return r;
}

static int finish(struct transfer *transfer)
{
	int r;

	show_phase(&transfer->show, SHOW_CONFIRMING);
	r = qfile_sender_finish(transfer->sender, &transfer->report.result, &transfer->error);
	if (r == 0)
		show_end(&transfer->show, qfile_sender_sent(transfer->sender),
			 qfile_sender_name(transfer->sender));
	return r;
}

/* Remove what was sent. What must be kept is listed. Returns 0 if nothing had to be. */
static int remove_sent(struct transfer *transfer)
{
	struct report *report = &transfer->report;
	struct qfile_remover *remover;
	struct qfile_error kept;
	int r = qfile_remover_new(&remover, transfer->ends.journal);
	char text[128];

	show_phase(&transfer->show, SHOW_REMOVING);
	if (r == 0) {
		while ((r = qfile_remover_next(remover, &kept)) > 0)
			listed_add(&report->kept, kept.name, explain_kept(&kept, text));
		qfile_remover_free(remover);
	}
	if (r < 0) {
		report->ending.code = (uint32_t)-r;
		snprintf(report->ending.message, sizeof(report->ending.message),
			 "everything was copied, but not all of it could be removed here: %s",
			 strerror(-r));
	}
	return r < 0 || report->kept.count > 0 ? -1 : 0;
}

/* `end`: how the command ended; NULL: there is none, or that does not matter. */
static void explain(struct transfer *transfer, int code, const struct via_end *end)
{
	struct pollfd signals = {.fd = transfer->signals, .events = POLLIN};
	const struct explain about = {
		.calling = &transfer->options->calling,
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

void transfer_lost(struct transfer *transfer, const struct via_end *end)
{
	explain(transfer, -ECONNRESET, end);
	show_clear(&transfer->show);
	report_say(&transfer->report);
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
		r = finish(transfer);
	fcntl(transfer->ends.out, F_SETFL, flags);
	take_counts(transfer);
	transfer->ended = transfer->sender && qfile_sender_ended(transfer->sender);
	qfile_sender_free(transfer->sender);
	if (r == -ECONNRESET && transfer->has_command)
		return r;
	if (r < 0)
		explain(transfer, r, NULL);
	else
		transfer->report.ending.outcome = "copied";
	if (r == 0 && transfer->ends.journal >= 0)
		r = remove_sent(transfer);
	show_clear(&transfer->show);
	report_say(&transfer->report);
	return r == 0 || r == -ECANCELED || r == -ECONNRESET ? r : -1;
}
