/*
 * The session: one file, open in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "session.h"
#include "open/editwire.h"
#include "open/opener/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Show the progress of the file, or of the save that is coming back. */
static void show_part(struct session *session)
{
	struct edit_progress progress = opener_progress(session->opener);

	if (session->show.total.bytes != progress.total)
		show_begin(&session->show, (struct qfile_size){.bytes = progress.total});
	show_progress(&session->show, (struct qfile_size){.bytes = progress.done},
		      session->about.file);
}

/*
 * Close `out`, because an old editor reads to the end of the stream. If it is stdout, put /dev/null
 * in its place, so that no other file gets its number.
 */
static void end_stream(int out)
{
	int null = out == STDOUT_FILENO ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

	if (null < 0 || dup2(null, out) < 0)
		close(out);
	if (null >= 0)
		close(null);
}

int session_send(struct session *session, int out)
{
	int flags = fcntl(out, F_GETFL), r;

	/*
	 * An early reply must be noticed even if the other side no longer reads. The flags are
	 * shared with the parent, so they are put back.
	 */
	fcntl(out, F_SETFL, flags | O_NONBLOCK);
	session->show.phase = SHOW_SENDING;
	if (session->show.mode == SHOW_GUI)
		show_progress(&session->show, (struct qfile_size){.bytes = 0}, "");
	while ((r = opener_send(session->opener, &session->error)) > 0)
		show_part(session);
	fcntl(out, F_SETFL, flags);
	end_stream(out);
	show_clear(&session->show);
	if (r < 0)
		explain_failure(&session->about, r, &session->event, &session->error);
	return r;
}

/* A save came back. */
static void take_save(struct session *session, enum opener_step step)
{
	session->damaged = step == OPENER_DAMAGED;
	if (step == OPENER_KEPT || step == OPENER_DROPPED)
		session->incomplete = true;
	else if (step == OPENER_SAVED)
		session->incomplete = false; /* it has all that was saved before */
	if (step != OPENER_DAMAGED)
		session->saves = session->event.save;
	show_clear(&session->show);
	explain_save(&session->about, step, &session->event, &session->error);
}

/* The editor has something to say while the session goes on. */
static void take_note(struct session *session)
{
	show_clear(&session->show);
	explain_note(&session->about, &session->event);
}

void session_lost(struct session *session)
{
	if (session->lost)
		explain_failure(&session->about, -ECONNRESET, &session->event, &session->error);
	session->lost = false;
}

int session_take(struct session *session)
{
	int step;

	session->show.phase = SHOW_RECEIVING;
	while ((step = opener_step(session->opener, &session->event, &session->error)) > 0) {
		if (step == OPENER_PART)
			show_part(session);
		else if (step == OPENER_NOTE)
			take_note(session);
		else
			take_save(session, (enum opener_step)step);
	}
	show_clear(&session->show);
	if (step < 0) {
		session->event.save = session->saves;
		session->lost = step == -ECONNRESET && session->has_command;
		if (session->lost)
			return step;
		explain_failure(&session->about, step, &session->event, &session->error);
		return step == -ECANCELED || step == -ECONNRESET ? step : -1;
	}
	explain_done(&session->about, &session->event);
	if (session->damaged)
		explain_damaged(&session->about, session->event.save);
	return session->event.code == 0 && !session->incomplete && !session->damaged ? 0 : -1;
}
