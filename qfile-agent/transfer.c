/*
 * One transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transfer.h"

#include "explain.h"
#include "lost.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static void explain_skipped(struct transfer *transfer)
{
	const char *skipped = qfile_sender_name(transfer->sender);
	char name[300];

	qfile_displayable(skipped, strlen(skipped), name, sizeof(name), 255);
	show_clear(&transfer->show);
	warnx("skipped \"%s\": it is neither a file nor a directory nor a link", name);
}

/* Send one source. Returns QFILE_STEP_DONE, QFILE_STEP_RESULT or a negative errno. */
static int send_source(struct transfer *transfer, const struct qfile_source *source)
{
	int step;

	qfile_sender_begin(transfer->sender, source);
	do {
		step = qfile_sender_step(transfer->sender, &transfer->error);
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

	for (size_t i = 0; i < transfer->options->count && r == 0; i++)
		r = qfile_measure(&transfer->sources[i], transfer->options->flags,
				  transfer->ends.stop, &transfer->show.total, &transfer->error);
	return r;
}

static void explain(const struct transfer *transfer, int r)
{
	const struct calling_options *calling = &transfer->options->calling;

	if (r == -ECONNRESET && !transfer->has_command)
		explain_lost(calling, NULL, transfer->unfinished);
	else if (r == -EREMOTEIO && !is_result(&transfer->result))
		explain_nonsense(transfer->unfinished);
	else if (r == -EREMOTEIO && is_ignored_wish(calling, &transfer->result))
		explain_ignored_wish(&transfer->result);
	else if (r != -ECONNRESET)
		explain_failure(r, &transfer->error, &transfer->result,
				!calling_takes_wishes(calling, &receiver));
}

static int send_all(struct transfer *transfer)
{
	int r = show_wants_total(&transfer->show) ? count_bytes(transfer) : 0;

	if (r == 0) {
		r = qfile_sender_new(&transfer->sender, &transfer->ends);
		transfer->error = (struct qfile_error){.code = -r};
	}
	for (size_t i = 0; i < transfer->options->count && r == QFILE_STEP_DONE; i++)
		r = send_source(transfer, &transfer->sources[i]);
	transfer->unfinished = r != QFILE_STEP_DONE;
	if (r < 0) {
		show_clear(&transfer->show);
		if (r == -ECANCELED)
			warnx("stopped; nothing was copied");
		else
			explain(transfer, r);
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
		explain(transfer, r);
	return r;
}

/* Remove what was sent. Returns 0 if nothing had to be kept. */
static int remove_sent(int journal)
{
	struct qfile_remover *remover;
	struct qfile_error kept;
	int r = qfile_remover_new(&remover, journal), left = 0;

	if (r == 0) {
		while ((r = qfile_remover_next(remover, &kept)) > 0) {
			explain_kept(&kept);
			left = -1;
		}
		qfile_remover_free(remover);
	}
	if (r < 0)
		warnx("everything was copied, but not all of it could be removed here: %s",
		      strerror(-r));
	return r < 0 ? -1 : left;
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
	if (r == 0 && transfer->ends.journal >= 0)
		r = remove_sent(transfer->ends.journal);
	return r == 0 || r == -ECANCELED || r == -ECONNRESET ? r : -1;
}
