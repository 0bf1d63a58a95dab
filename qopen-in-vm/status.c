/*
 * How the session stands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "status.h"

#include "cli/json.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* "14:36:05", as the user's clock shows it. */
static const char *time_text(time_t when, char text[32])
{
	struct tm local;

	localtime_r(&when, &local);
	strftime(text, 32, "%H:%M:%S", &local);
	return text;
}

/* "3 saves, the last at 14:36:05" */
static void count_text(const struct session *session, char text[128])
{
	char when[32];

	if (session->about.view_only)
		snprintf(text, 128, "open for viewing only");
	else if (session->saves == 0)
		snprintf(text, 128, "nothing saved yet");
	else if (session->saves == 1)
		snprintf(text, 128, "1 save, at %s", time_text(session->last, when));
	else
		snprintf(text, 128, "%u saves, the last at %s", session->saves,
			 time_text(session->last, when));
}

/* ---- For programs ---- */

/* The members that each object has after its phase. Returns their length. */
static size_t put_counts(const struct session *session, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "\"saves\":%u,\"saves_here\":%u", session->saves,
				       session->here);
	struct tm utc;

	if (session->saves > 0 && gmtime_r(&session->last, &utc))
		used += strftime(text + used, size - used,
				 ",\"last_save_time\":\"%Y-%m-%dT%H:%M:%SZ\"", &utc);
	return used;
}

/* An object of the phase "open", with `member` if that is not empty. */
static void put_open(const struct session *session, const char *member)
{
	char text[PIPE_BUF], counts[256];
	int n;

	put_counts(session, counts, sizeof(counts));
	n = snprintf(text, sizeof(text), "{\"phase\":\"open\",%s%s%s}\n", counts,
		     *member ? "," : "", member);
	if (n > 0 && (size_t)n < sizeof(text))
		show_object(&session->show, text, (size_t)n);
}

void status_note(const struct session *session)
{
	char member[PIPE_BUF / 2] = "\"note\":\"";
	const size_t used = strlen(member);
	size_t length = json_text(session->event.message, strlen(session->event.message),
				  member + used, sizeof(member) - used - 2);

	memcpy(member + used + length, "\"", 2);
	put_open(session, member);
}

void status_beside(const struct session *session)
{
	char member[3584];

	json_name("beside", session->event.path, strlen(session->event.path), member,
		  sizeof(member));
	put_open(session, member);
}

void status_kept(const struct session *session, enum opener_step step)
{
	const char *path = session->event.path;
	char member[3584];

	json_name(step == OPENER_KEPT ? "kept" : "before", path, strlen(path), member,
		  sizeof(member));
	put_open(session, member);
}

static const char *outcome(const struct session *session, int result)
{
	if (result == -ECANCELED)
		return "stopped";
	if (result == 0)
		return "complete";
	return session->missed.any || session->damaged ? "incomplete" : "failed";
}

static void put_last(struct session *session, int result)
{
	const int code = session->code == 0 && result < -1 ? -result : session->code;
	char text[512], counts[256];

	put_counts(session, counts, sizeof(counts));
	show_last(&session->show, text,
		  (size_t)snprintf(text, sizeof(text),
				   "{\"phase\":\"done\",\"outcome\":\"%s\",%s,\"beside\":%u,"
				   "\"code\":%d}\n",
				   outcome(session, result), counts, session->beside, code));
}

/* ---- For people ---- */

void status_show(struct session *session)
{
	char name[1024], count[128], line[2048];

	session->show.phase = SHOW_CALLING; /* none of a transfer */
	put_open(session, "");
	if (session->show.mode != SHOW_TTY)
		return;
	qfile_displayable(session->about.file, strlen(session->about.file), name, sizeof(name),
			  200);
	count_text(session, count);
	snprintf(line, sizeof(line), "%s in %s: %s", name, session->about.vm, count);
	show_text(&session->show, line);
}

/* What of the saves is not in the file. */
static void say_missed(const struct session *session, const char *name)
{
	char path[1024], count[64], where[1200];

	qfile_displayable(session->missed.path, strlen(session->missed.path), path, sizeof(path),
			  500);
	if (session->here == 0)
		snprintf(count, sizeof(count), "none of %u saves is here", session->saves);
	else
		snprintf(count, sizeof(count), "%u of %u saves %s here", session->here,
			 session->saves, session->here == 1 ? "is" : "are");
	if (session->missed.doubtful)
		snprintf(where, sizeof(where), "may be damaged");
	else if (session->missed.path[0])
		snprintf(where, sizeof(where), "is in \"%s\"", path);
	else
		snprintf(where, sizeof(where), "is lost if %s does not have it any more",
			 session->about.vm);
	warnx("\"%s\": %s; the last one %s", name, count, where);
}

static void say_end(const struct session *session)
{
	char name[1024], count[128];

	qfile_displayable(session->about.file, strlen(session->about.file), name, sizeof(name),
			  500);
	count_text(session, count);
	if (session->missed.any)
		say_missed(session, name);
	else if (session->saves == 0)
		fprintf(stderr, "\"%s\": nothing was saved in %s\n", name, session->about.vm);
	else
		fprintf(stderr, "\"%s\": %s, %s here\n", name, count,
			session->saves == 1               ? "is"
			: session->here == session->saves ? "all"
							  : "which is");
}

void status_end(struct session *session, int result)
{
	put_last(session, result);
	/* To look at a file is to save nothing. */
	if (session->about.view_only)
		return;
	/* A success is in the last object. */
	if (result == 0 && !session->about.quiet && session->show.mode != SHOW_JSON)
		say_end(session);
	/* What has a sentence of its own is not said again. */
	else if (result < 0 && session->missed.any && session->untold > 0)
		say_end(session);
}
