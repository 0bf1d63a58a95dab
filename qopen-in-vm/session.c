/*
 * The session: one file, open in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "session.h"
#include "cli/stop.h"
#include "open/editwire.h"
#include "open/opener/opener.h"
#include "status.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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

/* Has the file the last save that arrived, without doubt? */
static bool has_last(const struct session *session)
{
	return session->saves > 0 && !session->missed.any && !session->damaged;
}

int session_send(struct session *session, int out)
{
	int flags = fcntl(out, F_GETFL), r;

	/*
	 * An early reply must be noticed even if the other side no longer reads. The flags are
	 * shared with the parent, so they are put back.
	 */
	fcntl(out, F_SETFL, flags | O_NONBLOCK);
	session->show.total.bytes = opener_progress(session->opener).total;
	show_phase(&session->show, SHOW_SENDING);
	while ((r = opener_send(session->opener, &session->error)) > 0)
		show_part(session);
	fcntl(out, F_SETFL, flags);
	end_stream(out);
	show_clear(&session->show);
	if (r < 0)
		explain_failure(&session->about, r, &session->event, &session->error,
				has_last(session));
	return r;
}

/* Is the event one more of a kind that was told of, so that counting it is enough? */
static bool was_told(struct session *session, enum opener_step step)
{
	const struct opener_event *event = &session->event;
	bool told = (step == OPENER_KEPT && strcmp(event->path, session->told) == 0) ||
		    (step == OPENER_DROPPED && session->dropped);

	snprintf(session->told, sizeof(session->told), "%s",
		 step == OPENER_KEPT ? event->path : "");
	session->dropped = step == OPENER_DROPPED;
	return told && event->doubt == 0;
}

/* A save came back. */
static void take_save(struct session *session, enum opener_step step)
{
	const struct opener_event *event = &session->event;
	const bool told = was_told(session, step);

	session->damaged = step == OPENER_DAMAGED;
	if (!session->damaged) {
		session->saves = event->save;
		session->last = time(NULL);
		/* It has all that was saved before. */
		session->missed = (struct missed){.any = step != OPENER_SAVED || event->doubt != 0,
						  .doubtful = step == OPENER_SAVED};
		if (step == OPENER_KEPT)
			strcpy(session->missed.path, event->path);
	}
	session->here += step == OPENER_SAVED;
	if (event->path[0])
		status_kept(session, step);
	if (told && !session->about.verbose) {
		session->untold++;
	} else {
		show_clear(&session->show);
		session->untold += !explain_save(&session->about, step, event, &session->error);
	}
	status_show(session);
}

static void take_beside(struct session *session, enum opener_step step)
{
	session->beside += step == OPENER_BESIDE;
	show_clear(&session->show);
	/* To programs a success is an object. */
	if (step != OPENER_BESIDE || session->show.mode != SHOW_JSON)
		explain_beside(&session->about, step, &session->event, &session->error);
	if (step == OPENER_BESIDE && session->show.mode == SHOW_JSON)
		status_beside(session);
	else
		status_show(session);
}

/*
 * Messages of the editor that are shown. It has a few things to say; one that says thousands wants
 * to drive what this program says off the screen.
 */
#define NOTES_MAX 50

/* The editor has something to say while the session goes on. */
static void take_note(struct session *session)
{
	/* An editor says by an empty one that it speaks version 2. At the end they all are late. */
	if (!session->event.message[0] || session->ending || session->notes == NOTES_MAX)
		return;
	if (++session->notes == NOTES_MAX)
		strcpy(session->event.message, "(too much; no more of this is shown)");
	show_clear(&session->show);
	explain_note(&session->about, &session->event);
	status_note(session);
	status_show(session);
}

static void take_part(struct session *session)
{
	if (session->show.phase != SHOW_RECEIVING) {
		show_begin(&session->show,
			   (struct qfile_size){.bytes = opener_progress(session->opener).total});
		session->show.done.bytes = 0;
		show_phase(&session->show, SHOW_RECEIVING);
	}
	show_part(session);
}

static void take_step(struct session *session, enum opener_step step)
{
	switch (step) {
	case OPENER_PART:
		take_part(session);
		break;
	case OPENER_NOTE:
		take_note(session);
		break;
	case OPENER_BESIDE:
	case OPENER_BESIDE_LOST:
		take_beside(session, step);
		break;
	default:
		take_save(session, step);
	}
}

/* One Ctrl-C may come twice: from the terminal, and from the rpc client that got it, too. */
#define SAME_STOP 500 /* milliseconds */

/*
 * The user wants to stop. Returns whether the session goes on, so that what is under way arrives.
 */
static bool goes_on(struct session *session)
{
	const int number = stop_take(session->signals);

	if (session->ending)
		return number > 0 && clock_now() - session->since < SAME_STOP;
	session->ending = true;
	session->signal = number;
	session->since = session->came = clock_now();
	show_clear(&session->show);
	explain_ending(&session->about);
	opener_finish(session->opener, session->signals);
	return true;
}

/* Notes are not what the end waits for: they could go on for ever. */
static bool waits_in_vain(struct session *session, int step)
{
	if (step != OPENER_NOTE)
		session->came = clock_now();
	return session->ending && clock_now() - session->came >= OPENER_FINISH_TIMEOUT;
}

/* Did the session end with *step, and not just go on after being asked to stop? */
static bool is_end(struct session *session, int *step)
{
	if (*step > 0 && waits_in_vain(session, *step))
		*step = -ETIMEDOUT;
	return *step <= 0 && !(*step == -ECANCELED && goes_on(session));
}

void session_lost(struct session *session)
{
	if (session->lost)
		explain_failure(&session->about, -ECONNRESET, &session->event, &session->error,
				has_last(session));
	session->lost = false;
}

/* It ended because the user wanted that, or at least while they did. */
static int end_stopped(struct session *session)
{
	session->event.save = session->saves;
	explain_failure(&session->about, -ECANCELED, &session->event, &session->error,
			has_last(session));
	return -ECANCELED;
}

static int end_failed(struct session *session, int step)
{
	session->event.save = session->saves;
	session->lost = step == -ECONNRESET && session->has_command;
	if (session->lost)
		return step;
	explain_failure(&session->about, step, &session->event, &session->error, has_last(session));
	return step == -ECONNRESET ? step : -1;
}

/* What was saved is in the file that was opened, wherever that is now. */
static void look_where_it_is(struct session *session)
{
	struct missed *missed = &session->missed;

	if (session->here == 0 || missed->any || opener_in_its_place(session->opener, missed->path))
		return;
	missed->any = true;
	explain_moved(&session->about, missed->path);
}

int session_take(struct session *session)
{
	bool complete;
	int step;

	status_show(session);
	for (;;) {
		step = opener_step(session->opener, &session->event, &session->error);
		if (is_end(session, &step))
			break;
		if (step > 0)
			take_step(session, (enum opener_step)step);
	}
	show_clear(&session->show);
	session->code = step < 0 ? -step : session->event.code;
	look_where_it_is(session);
	if (step < 0)
		return session->ending ? end_stopped(session) : end_failed(session, step);
	explain_done(&session->about, &session->event);
	if (session->event.code != 0 && session->saves > 0 && !session->ending)
		explain_last(&session->about, session->saves, has_last(session));
	if (session->damaged)
		explain_damaged(&session->about, session->event.save);
	complete = session->event.code == 0 && !session->missed.any && !session->damaged &&
		   opener_has_all_beside(session->opener);
	if (session->ending)
		return end_stopped(session);
	return complete ? 0 : -1;
}
