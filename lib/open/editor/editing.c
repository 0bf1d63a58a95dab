/*
 * Editing: sends back what is saved, until it is known that nobody has the file any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editing.h"
#include "open/editor/editor.h"
#include "system/clock.h"

#include "format/error.h"
#include "open/database.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Milliseconds from one look to the next. A look reads the descriptors of all processes of the
 * account, or only of those that have it.
 */
enum {
	/* In the beginning, programs come and go that hand the file on. */
	LOOK_EARLY = 250,
	/* Nobody is seen to have it any more: it may soon be over. */
	LOOK_NOBODY = 150,
	/* Applications let go of a file without an event. */
	LOOK_HELD = 250,
	LOOK_LOCKED = 500,
	LOOK_HANDLER = 1000,
	LOOK_WAITING = 1000,
	/* From one look at all processes to the next. */
	LOOK_ALL = 1000,
	/* However long a look takes. */
	LOOK_AT_LEAST = 5000
};

/* Looks take one of so many parts of a processor; less where they go on for hours. */
enum {
	SHARE_SOON = 4,
	SHARE_LONG = 20
};

/* Milliseconds. */
#define EARLY 5000 /* the beginning */
#define SOON  3000 /* after somebody had it */

/* Milliseconds for a save that is not complete when the session is ended on purpose. */
#define PENDING_TIMEOUT 1500

/* Milliseconds until the user is told what is waited for. It often passes. */
#define NOTE_AFTER 2000

#define FIXED 5 /* descriptors that are always waited for */

/* ---- Waiting ---- */

/* Wait until something happens, or it is time to look, or a save may be complete. */
static int wait_for_news(struct editing *editing)
{
	struct pollfd pollfds[FIXED + HOLDERS_MAX] = {
		{.fd = editing->stop, .events = POLLIN}, /* poll(2) ignores -1 */
		/* Without events it still reports an error: that nobody reads any more. */
		{.fd = editing->out},
		{.fd = editing->saves.watch.fd, .events = POLLIN},
		{.fd = editing->handler.ended, .events = POLLIN},
	};
	const struct holders *holders = &editing->holders;
	int timeout = saves_timeout(&editing->saves);
	int64_t left = editing->next - clock_now();

	pollfds[FIXED - 1].fd = handler_poll(&editing->handler, &pollfds[FIXED - 1].events);
	for (int i = 0; i < holders->count; i++)
		pollfds[FIXED + i] =
			(struct pollfd){.fd = holders->holder[i].ended, .events = POLLIN};
	if (left < 0)
		left = 0;
	if (timeout < 0 || timeout > left)
		timeout = (int)left;
	if (poll(pollfds, FIXED + (nfds_t)holders->count, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < holders->count; i++) {
		if (pollfds[FIXED + i].revents)
			editing->next = 0;
	}
	if (pollfds[0].revents)
		return -ECANCELED;
	return pollfds[1].revents ? -ECONNRESET : 0;
}

/* ---- Looking ---- */

/* Is there a lock file, as LibreOffice and others make it while they show the document? */
static bool is_locked(const struct workdir *workdir)
{
	char name[NAME_MAX + 16];

	snprintf(name, sizeof(name), ".~lock.%s#", workdir->name);
	if (faccessat(workdir->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	snprintf(name, sizeof(name), ".%s.lock", workdir->name);
	return faccessat(workdir->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Has one it who was started with its path? Then what is saved meanwhile is saved by them. */
static bool has_named(const struct holders *holders)
{
	for (int i = 0; i < holders->count; i++) {
		if (holders->holder[i].named.since > 0)
			return true;
	}
	return false;
}

static void note_change(struct editing *editing)
{
	const struct target *target = &editing->holders.target;
	struct evidence *evidence = &editing->evidence;

	if (target->changed && target->last_change > editing->seen_change) {
		editing->seen_change = target->last_change;
		evidence->saved_by_it |=
			evidence->handler_lives || (evidence->held && has_named(&editing->holders));
	}
	evidence->opened = target->opened;
	evidence->opened_last = target->opened_last;
	evidence->since_open = clock_now() - target->last_open;
	evidence->since_change = target->changed ? clock_now() - target->last_change : INT64_MAX;
}

/* The time to the next look, where one costs so much. */
static int seldom(int time, int share, int64_t cost)
{
	int64_t least = cost * share < LOOK_AT_LEAST ? cost * share : LOOK_AT_LEAST;

	return least > time ? (int)least : time;
}

/*
 * Take note of what has happened to the file. Our own reading is no news. It is called as soon as
 * we have opened the file: as long as an event is not read, one that is like it is not told.
 */
static void read_events(void *argument)
{
	struct editing *editing = argument;
	const unsigned opened = workdir_opened();

	target_read(&editing->holders.target, opened - editing->opened);
	editing->opened = opened;
}

/* What is seen of nobody is not known to be nobody's. */
static enum sight doubt(struct editing *editing)
{
	/* Who has the file is found by the directory's path. */
	if (saves_may_move(&editing->saves)) {
		editing->unseen = -ENOENT;
		return SIGHT_UNKNOWN;
	}
	/* The kernel itself, as for a loop device, or a process that hides. */
	if (saves_open_elsewhere(&editing->saves))
		editing->unseen = -EBUSY;
	read_events(editing);
	return editing->unseen == -EBUSY ? SIGHT_UNKNOWN : SIGHT_NOBODY;
}

static int64_t since_let_go(const struct editing *editing)
{
	const int64_t held = editing->holders.last_held;
	const int64_t last = held > editing->unlocked ? held : editing->unlocked;

	return last ? clock_now() - last : INT64_MAX;
}

static void look_at_holders(struct editing *editing)
{
	struct evidence *evidence = &editing->evidence;
	bool locked = is_locked(editing->saves.workdir), early, unlocked;
	enum sight sight;

	early = clock_now() - editing->started < EARLY;
	sight = holders_look(&editing->holders,
			     early ? 0 : seldom(LOOK_ALL, SHARE_LONG, editing->holders.cost),
			     &editing->unseen);
	if (sight == SIGHT_NOBODY && !evidence->handler_lives)
		sight = doubt(editing);
	evidence->held = sight == SIGHT_SOMEBODY;
	evidence->unseen = sight == SIGHT_UNKNOWN;
	unlocked = evidence->locked && !locked;
	evidence->unlocked |= unlocked;
	if (unlocked)
		editing->unlocked = clock_now();
	evidence->locked = locked;
	evidence->lingers = editing->holders.lingers[0];
	evidence->let_go = editing->holders.let_go;
	evidence->since_let_go = since_let_go(editing);
	evidence->since_waiter = editing->holders.last_waiter
					 ? clock_now() - editing->holders.last_waiter
					 : INT64_MAX;
	evidence->has_waited = editing->holders.has_waited;
	if (evidence->handler_lives || evidence->held)
		editing->nobody = 0;
	else if (editing->nobody == 0 || unlocked)
		editing->nobody = clock_now();
	evidence->idle = editing->nobody ? clock_now() - editing->nobody : 0;
}

static void look_at_others(struct editing *editing)
{
	struct evidence *evidence = &editing->evidence;
	struct candidates candidates;

	candidates_look(&candidates, &editing->holders, editing->environment);
	evidence->others = candidates.any;
	evidence->taker = candidates.server || candidates.likely;
	evidence->heir = candidates.heir[0];
	snprintf(editing->heir, sizeof(editing->heir), "%s", candidates.heir);
	evidence->starts = candidates.starts;
	if (candidates.likely)
		snprintf(editing->likely, sizeof(editing->likely), "%s", candidates.name);
	evidence->likely_ended = editing->likely[0] && !candidates.likely;
}

static int64_t next_look(const struct editing *editing)
{
	const struct evidence *evidence = &editing->evidence;

	if (clock_now() - editing->started < EARLY)
		return seldom(LOOK_EARLY, SHARE_SOON, editing->cost);
	if (evidence->held)
		return seldom(LOOK_HELD, SHARE_SOON, editing->cost);
	if (evidence->locked)
		return seldom(LOOK_LOCKED, SHARE_LONG, editing->cost);
	if (evidence->handler_lives)
		return seldom(LOOK_HANDLER, SHARE_LONG, editing->cost);
	return evidence->idle < SOON || evidence->since_change < SOON
		       ? seldom(LOOK_NOBODY, SHARE_SOON, editing->cost)
		       : seldom(LOOK_WAITING, SHARE_LONG, editing->cost);
}

enum verdict editing_look(struct editing *editing)
{
	int64_t used = clock_used();
	enum verdict verdict;

	look_at_holders(editing);
	note_change(editing);
	if (editing->nobody)
		look_at_others(editing);
	verdict = over_judge(&editing->evidence);
	if (verdict != editing->verdict)
		editing->judged = clock_now();
	editing->verdict = verdict;
	editing->cost = clock_used() - used;
	editing->next = clock_now() + next_look(editing);
	return verdict;
}

/* ---- What the opener's user is told ---- */

static void word(const struct editing *editing, char *text, size_t size)
{
	static const char when_done[] = "when you are done there, end this: in a terminal, press "
					"Ctrl-C";

	if (editing->verdict == VERDICT_NOT_SEEN && editing->unseen == -EBUSY)
		snprintf(text, size,
			 "something in the VM that opens the file has it open for writing, and it "
			 "cannot be seen what, as of a loop device; %s",
			 when_done);
	else if (editing->verdict == VERDICT_NOT_SEEN)
		snprintf(text, size,
			 "the VM that opens the file cannot see whether an application has it "
			 "(%s); %s",
			 strerror(-editing->unseen), when_done);
	else if (editing->verdict == VERDICT_MAY_START)
		snprintf(text, size,
			 "no application has the file %s; one may still be starting in the VM "
			 "that opens it",
			 editing->evidence.opened ? "now" : "yet");
	else if (editing->evidence.lingers)
		snprintf(text, size,
			 "%s may have closed the file, but still watches its directory; what is "
			 "saved comes back; %s",
			 editing->holders.lingers, when_done);
	else if (editing->evidence.heir)
		snprintf(text, size,
			 "%s, which was started to open the file, goes on and may still save it; "
			 "what is saved comes back; %s",
			 editing->heir, when_done);
	else
		snprintf(text, size,
			 "%s%s has the file, and does not show when it closes it; what is saved "
			 "comes back; %s",
			 editing->likely[0] ? "" : "an application that was running already ",
			 editing->likely[0] ? editing->likely : "perhaps", when_done);
}

/* Each thing once. */
static int tell(struct editing *editing)
{
	unsigned bit = 1u << editing->verdict;
	char text[512];

	if (editing->verdict < VERDICT_NOT_SEEN || editing->told & bit ||
	    clock_now() - editing->judged < NOTE_AFTER)
		return 0;
	editing->told |= bit;
	word(editing, text, sizeof(text));
	return reply_note(editing->saves.reply, text);
}

/* ---- The session ---- */

/* Send what is complete. Our own reading of the file is no news. */
static int send_saves(struct editing *editing)
{
	unsigned saves = editing->saves.reply->saves;
	int r;

	read_events(editing);
	r = saves_attend(&editing->saves);
	if (editing->saves.reply->saves != saves)
		editing->saved = clock_now();
	/* The directory may have been moved. */
	editing->holders.target.base = editing->saves.workdir->base;
	editing->holders.target.name = editing->saves.workdir->name;
	read_events(editing);
	return r;
}

/* Who the handler is, for the time when it is not our child any more. */
static void know_handler(struct editing *editing)
{
	int dir = process_open(editing->handler.pid);

	if (dir < 0)
		return;
	process_read(dir, &editing->handler_process);
	close(dir);
}

static int attend(struct editing *editing)
{
	for (;;) {
		bool lived = editing->evidence.handler_lives;
		int r = wait_for_news(editing);

		editing->evidence.handler_lives = handler_attend(&editing->handler);
		if (editing->handler.died)
			saves_writer_died(&editing->saves);
		editing->saves.waited |= editing->handler.waited;
		editing->handler.died = editing->handler.waited = false;
		editing->evidence.handler_failed =
			!editing->evidence.handler_lives && editing->handler.status != 0;
		if (r == 0)
			r = send_saves(editing);
		if (r < 0)
			return r;
		/* What was saved before its end was noticed was saved while it lived. */
		if (lived && !editing->evidence.handler_lives) {
			editing->evidence.handler_lives = true;
			note_change(editing);
			editing->evidence.handler_lives = false;
			editing->next = 0;
		}
		if (clock_now() < editing->next)
			continue;
		switch (editing_look(editing)) {
		case VERDICT_OVER:
		case VERDICT_UNOPENED:
			return 0;
		default:
			r = tell(editing);
			if (r < 0)
				return r;
		}
	}
}

/* Ended on purpose: what was just saved is about to be complete. Version 1 sends it later. */
static void await_pending(struct editing *editing)
{
	int64_t end = clock_now() + PENDING_TIMEOUT, left;

	if (!editing->saves.reply->records)
		return;
	while (saves_pending(&editing->saves) && (left = end - clock_now()) > 0) {
		struct pollfd pollfd = {.fd = editing->saves.watch.fd, .events = POLLIN};
		int timeout = saves_timeout(&editing->saves);

		if (timeout < 0 || timeout > left)
			timeout = (int)left;
		if (poll(&pollfd, 1, timeout) < 0 && errno != EINTR)
			break;
		if (saves_attend(&editing->saves) < 0)
			break;
	}
}

/* After an early end: may somebody still use the file? */
static bool is_left(struct editing *editing)
{
	switch (editing_look(editing)) {
	case VERDICT_OVER:
	case VERDICT_UNOPENED:
		return false;
	case VERDICT_GOES_ON:
		/* Two looks are for handing on; at the end one must do. */
		return editing->evidence.handler_lives || editing->evidence.held ||
		       editing->evidence.others;
	default:
		return true;
	}
}

static bool is_within(const struct workdir *workdir)
{
	struct stat status;
	int fd = workdir_open(workdir, &status);
	bool within = fd >= 0 &&
		      database_look(workdir->dir, workdir->name, fd, &status) == DATABASE_WITHIN;

	if (fd >= 0)
		close(fd);
	return within;
}

static int end(struct editing *editing, int r, struct qfile_error *error)
{
	unsigned saves = editing->saves.reply->saves;
	int last;

	if (r == -ECANCELED) {
		reply_hurry(editing->saves.reply);
		await_pending(editing);
	}
	last = saves_send_last(&editing->saves, r == 0);
	if (editing->saves.reply->saves != saves)
		editing->saved = clock_now();
	editing->beside = saves_left_beside(&editing->saves, editing->beside_name);
	editing->other = workdir_is_other(editing->saves.workdir);
	editing->within = is_within(editing->saves.workdir);
	editing->left = r < 0 && is_left(editing);
	handler_leave(&editing->handler);
	r = r == 0 && last < 0 ? last : r;
	if (r == -ECANCELED)
		return error_set(error, r, NULL, NULL);
	return r < 0 ? error_set(error, r, "sending what was saved", editing->saves.workdir->name)
		     : 0;
}

int editing_run(struct editing *editing, char *const argv[], char *const environment[],
		struct qfile_error *error)
{
	const struct workdir *workdir = editing->saves.workdir;
	int r = saves_open(&editing->saves);

	if (r < 0)
		return error_set(error, r, EDITOR_WATCHING, workdir->directory);
	editing->holders.target = (struct target){.directory = workdir->directory,
						  .base = workdir->base,
						  .path = workdir->path,
						  .name = workdir->name};
	holders_open(&editing->holders);
	editing->opened = workdir_opened();
	editing->saves.read_events = read_events;
	editing->saves.observer = editing;
	editing->environment = environment;
	editing->started = editing->judged = clock_now();
	/* Where changes cannot be seen, none was made while the handler lived. */
	editing->seen_change =
		editing->holders.target.last_change - (editing->holders.target.changed ? 0 : 1);
	r = handler_start(&editing->handler, argv, environment);
	if (r < 0) {
		error_set(error, r, "starting the handler", argv[0]);
	} else {
		editing->evidence.handler_lives = true;
		know_handler(editing);
		r = end(editing, attend(editing), error);
	}
	editing->saves.read_events = NULL;
	holders_close(&editing->holders);
	saves_close(&editing->saves);
	return r;
}
