/*
 * One transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transfer.h"

#include "explain.h"
#include "survey.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Remember what the user must be told in the end. */
static void remember(struct transfer *transfer, int step)
{
	const char *name = qfile_sender_name(transfer->sender);

	if (step == QFILE_STEP_UNREADABLE)
		left_add_error(&transfer->left_out, name, transfer->error.code);
	else if (step == QFILE_STEP_CHANGED)
		left_add(&transfer->changed, name, "what arrived is a state in between");
	else if (step == QFILE_STEP_TIME)
		left_add(&transfer->times, name, EXPLAIN_TIME);
	else
		explain_left_out(&transfer->left_out, step, name);
}

/*
 * Send one source. Returns QFILE_STEP_DONE, QFILE_STEP_RESULT or a negative errno. -EACCES: an
 * entry cannot be read, and the user has been told.
 */
static int send_source(struct transfer *transfer, const struct qfile_source *source)
{
	int step;

	qfile_sender_begin(transfer->sender, source);
	do {
		step = qfile_sender_step(transfer->sender, &transfer->error);
		if (step == QFILE_STEP_UNREADABLE &&
		    !(transfer->options->flags & QFILE_SKIP_UNREADABLE)) {
			show_clear(&transfer->show);
			survey_unreadable(transfer);
			return -EACCES;
		}
		if (step > 0)
			remember(transfer, step);
		show_progress(&transfer->show, qfile_sender_sent(transfer->sender),
			      qfile_sender_name(transfer->sender));
	} while (step > 0 && step != QFILE_STEP_RESULT);
	return step;
}

/* Everything has vanished, or become unreadable, since the survey. */
static int nothing_left(struct transfer *transfer)
{
	show_clear(&transfer->show);
	left_tell(&transfer->left_out, "left out");
	warnx("nothing is left to send, and nothing was copied");
	return -1;
}

static int send_all(struct transfer *transfer)
{
	int r = qfile_sender_new(&transfer->sender, &transfer->ends);

	transfer->error = (struct qfile_error){.code = -r};
	if (show_wants_total(&transfer->show))
		transfer->show.total.bytes = transfer->whole.bytes;
	transfer->show.total.entries = transfer->whole.entries;
	for (size_t i = 0; i < transfer->sources.count && r == QFILE_STEP_DONE; i++)
		r = send_source(transfer, &transfer->sources.list[i]);
	if (r == QFILE_STEP_DONE && qfile_sender_sent(transfer->sender).entries == 0)
		return nothing_left(transfer);
	if (r < 0) {
		show_clear(&transfer->show);
		if (r == -EACCES)
			return r;
		if (r == -ECANCELED)
			warnx("stopped; nothing was copied");
		else
			explain_failure(r, &transfer->error, &transfer->result,
					transfer->options->via);
	}
	return r;
}

static int finish(struct transfer *transfer)
{
	int r = qfile_sender_finish(transfer->sender, &transfer->result, &transfer->error);

	if (r == 0) {
		show_end(&transfer->show, qfile_sender_sent(transfer->sender),
			 qfile_sender_name(transfer->sender));
		return 0;
	}
	show_clear(&transfer->show);
	if (r == -ECANCELED)
		warnx("stopped before the receiver confirmed. Look in PedOSIncoming there whether "
		      "it has arrived");
	else
		explain_failure(r, &transfer->error, &transfer->result, transfer->options->via);
	return r;
}

/* Remove what was sent. Returns whether it could go on to the end. */
static bool remove_sent(struct transfer *transfer)
{
	struct qfile_remover *remover;
	struct qfile_error kept;
	int r = qfile_remover_new(&remover, transfer->ends.journal);

	if (r == 0) {
		while ((r = qfile_remover_next(remover, &kept)) > 0)
			explain_kept(&transfer->kept, &kept);
		qfile_remover_free(remover);
	}
	if (r < 0)
		warnx("everything was copied, but not all of it could be removed here: %s",
		      strerror(-r));
	return r == 0;
}

/* After the receiver has confirmed: what there is to tell. Returns whether that was nothing. */
static bool tell(const struct transfer *transfer)
{
	bool move = transfer->options->move;

	left_tell(&transfer->left_out, "left out");
	/* The others are kept, and told as that. */
	if (!move)
		left_tell(&transfer->changed, "changed while it was sent:");
	if (transfer->options->verbose)
		left_tell(&transfer->times, "the time could not be sent of");
	left_tell(&transfer->kept, "copied; kept here:");
	return transfer->left_out.count + transfer->changed.count + transfer->kept.count == 0;
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
	qfile_sender_free(transfer->sender);
	if (r == 0) {
		bool removed = !transfer->options->move || remove_sent(transfer);

		r = tell(transfer) && removed ? 0 : 1;
	}
	return r >= 0 || r == -ECANCELED || r == -ECONNRESET ? r : -1;
}
