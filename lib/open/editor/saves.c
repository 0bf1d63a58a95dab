/*
 * Saves: what the user saves is noticed, and sent to the opener once it is complete.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/saves.h"
#include "io/space.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* How often to send the last save if the file is written to meanwhile. */
#define LAST_TRIES 3

/* Reading a file again and again takes at most one part in so many of the time. */
#define COMPARE_SHARE 10
/* Looking at all processes for those who write takes at most one part in so many. */
#define SEARCH_SHARE 20

/* Milliseconds. */
enum {
	LOOK = 1000, /* between two looks at the file, without events */
	AGAIN = 500, /* after somebody opened it, until it is looked how they have it */
	/*
	 * Without changes, before a save is sent that nobody has open for writing. Programs that
	 * write in several steps pause for less, and no user notices it.
	 */
	QUIET = 500,
	/* Who saves all the time is not quiet: what is complete after so long is sent all the same.
	 */
	LONGEST = 1500,
	BETWEEN = 20, /* between two tries after that */
	/*
	 * Without changes in a database that says itself that no transaction is under way. Shorter
	 * than an opener whose user ends the session waits for what is on its way.
	 */
	QUIET_DATABASE = 1000,
	/* Without changes where somebody has, and keeps it open as they did before; */
	QUIET_HELD = 3000,
	/* and where they may be writing it. Longer than who waits for a slow disk or network. */
	QUIET_UNCERTAIN = 10000,
	/* Between the end of a process and noticing it, or that it has closed its files. */
	DEATH = 300,
	/* Until a directory that is not in its place is looked for elsewhere. */
	MOVED = 1000,
	/* How long it counts that the disk was full when something was written. */
	FULL = 5000
};

int saves_open(struct saves *saves)
{
	const struct workdir *workdir = saves->workdir;
	int r = watch_open(&saves->watch, workdir->directory, workdir->name);

	/* Without inotify there are still the looks. */
	saves->blind = r == -EMFILE || r == -ENFILE || r == -ENOSPC || r == -ENOMEM;
	if (r < 0 && !saves->blind)
		return r;
	saves->others = calloc(1, sizeof(*saves->others));
	if (!saves->others) {
		watch_close(&saves->watch);
		return -ENOMEM;
	}
	saves->sent = saves->seen = workdir_look(workdir, workdir->name);
	saves->held.all = true;
	saves->due = clock_now() + LOOK;
	return 0;
}

/* What has happened so far is read, so that our own opening is told apart from that of others. */
static void read_events(struct saves *saves)
{
	if (!saves->blind)
		watch_read(&saves->watch);
	if (saves->read_events)
		saves->read_events(saves->observer);
}

static void file_closed(struct saves *saves)
{
	if (!saves->blind)
		watch_closed_here(&saves->watch);
}

/* Open the file, as workdir_open(). */
static int open_file(struct saves *saves, struct stat *status)
{
	unsigned before = workdir_opened();
	int fd;

	read_events(saves);
	fd = workdir_open(saves->workdir, status);
	if (workdir_opened() == before)
		return fd;
	if (!saves->blind)
		watch_opened_here(&saves->watch);
	if (saves->read_events)
		saves->read_events(saves->observer);
	if (fd < 0) /* It was no file. */
		file_closed(saves);
	return fd;
}

static void close_file(struct saves *saves, int fd)
{
	close(fd);
	file_closed(saves);
}

void saves_close(struct saves *saves)
{
	watch_close(&saves->watch);
	free(saves->others);
	saves->others = NULL;
}

int saves_timeout(const struct saves *saves)
{
	const int64_t left = saves->due - clock_now();

	return left > 0 ? (int)left : 0;
}

/* ---- Looking ---- */

/* The file has changed, or may have, since it was sent. */
static void note_change(struct saves *saves)
{
	saves->changed = saves->watch.last = clock_now();
	if (!saves->pending)
		saves->since = saves->changed;
	saves->pending = true;
	saves->judge = saves->changed + QUIET;
	saves->looked_at = 0;
}

static void note_full(struct saves *saves)
{
	uint64_t left;

	saves->watch.writes = false;
	if (space_left(saves->workdir->dir, &left) == 0 && left < SPACE_FULL)
		saves->full = clock_now();
}

/* The directory may have been moved for good, and not only to be replaced soon. */
static bool follow_move(struct saves *saves)
{
	const int64_t now = clock_now();
	struct stat status;

	if (fstat(saves->workdir->dir, &status) == 0 && status.st_nlink == 0) {
		saves->missing = 0; /* it was removed */
		return false;
	}
	if (saves->missing == 0)
		saves->missing = now;
	return now - saves->missing >= MOVED && workdir_follow_move(saves->workdir) == 0;
}

/* Another directory may have taken the place of the one that we know. */
static void follow(struct saves *saves)
{
	int r = workdir_follow(saves->workdir);

	if (r == -ENOENT)
		r = follow_move(saves);
	else
		saves->missing = 0;
	if (r > 0 && watch_follow(&saves->watch, saves->workdir->directory) < 0) {
		watch_close(&saves->watch);
		saves->blind = true;
	}
}

/*
 * Who is writing to the file? And if it has been closed: did they close it, or did their end? Of
 * those that are not our children that is seen at this moment only.
 */
static void note_authors(struct saves *saves)
{
	const struct watch *watch = &saves->watch;
	const int64_t used = clock_used();
	struct stat status;

	if (watch->modified && !watch->closed && saves->authors.count == 0 &&
	    clock_now() >= saves->searched &&
	    fstatat(saves->workdir->dir, saves->workdir->name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		writers_find(&saves->authors, saves->workdir, &status);
		saves->searched = clock_now() + (clock_used() - used) * SEARCH_SHARE;
	}
	/* What is mapped is closed when it is not mapped any more. */
	if (watch->closed && watch->closed_at != saves->judged_at &&
	    (saves->authors.count > 0 || writers_map(&saves->held) ||
	     writers_map(&saves->mapped))) {
		saves->judged_at = watch->closed_at;
		saves->closed_by = writers_state(saves->authors.count > 0    ? &saves->authors
						 : writers_map(&saves->held) ? &saves->held
									     : &saves->mapped,
						 saves_open_elsewhere(saves));
		if (saves->closed_by == PROCESS_GONE && saves->waited)
			saves->closed_by = PROCESS_EXITED;
		saves->authors.count = 0;
	}
	saves->waited = false;
}

/* Compare what stands under the name with what was seen there. */
static void look(struct saves *saves)
{
	struct mark now;

	saves->due = clock_now() + LOOK;
	/* Before the events are read, which tell of this, too. */
	workdir_permit(saves->workdir);
	if (!saves->blind && watch_read(&saves->watch) < 0)
		saves->blind = true;
	note_authors(saves);
	follow(saves);
	if (saves->watch.writes || saves->blind)
		note_full(saves);
	now = workdir_look(saves->workdir, saves->workdir->name);
	if (saves->watch.touched || !mark_same(&now, &saves->seen))
		note_change(saves);
	saves->watch.touched = false;
	saves->seen = now;
	saves->written |=
		saves->watch.modified || saves->watch.came ||
		(now.there && (now.inode != saves->sent.inode || now.device != saves->sent.device));
	if (saves->blind)
		saves->written |= now.written.tv_sec != saves->sent.written.tv_sec ||
				  now.written.tv_nsec != saves->sent.written.tv_nsec;
	saves->shrunk |= now.there && now.size < saves->sent.size;
}

static struct complete_question question(const struct saves *saves)
{
	return (struct complete_question){
		.workdir = saves->workdir,
		.watch = &saves->watch,
		.before = &saves->sent,
		.held = &saves->held,
		.shrunk = saves->shrunk,
		.blind = saves->blind,
	};
}

/* The file is with the opener as it is now, and these have it open. */
static void settle(struct saves *saves, const struct stat *status, const struct writers *writers)
{
	saves->sent = saves->seen = mark_of(status);
	saves->held = *writers;
	saves->mapped.count = 0;
	saves->compared = clock_now();
	saves->pending = saves->written = saves->shrunk = false;
	saves->watch.modified = saves->watch.came = false;
	saves->looked_at = saves->full = 0;
}

/*
 * Somebody may have opened it who has not written anything yet. What they write later is known not
 * to be by somebody who opened it for that.
 */
static void look_who_holds(struct saves *saves)
{
	const bool again = saves->again && clock_now() >= saves->again,
		   looked = saves->watch.looked;
	struct complete_question asked = question(saves);
	struct stat status;
	int fd;

	if (!looked && !again && !saves->blind)
		return;
	saves->watch.looked = false;
	saves->again = 0;
	fd = open_file(saves, &status);
	if (fd < 0)
		return;
	complete_judge(&asked, fd, &status, &saves->held);
	close_file(saves, fd);
	/* Who opens a file to map it does that a moment later, and without an event. */
	if (looked && saves->held.count > 0)
		saves->again = clock_now() + AGAIN;
}

/*
 * The same where it has changed already, for those who have it mapped only: what becomes of them is
 * to be known when they are gone.
 */
static void look_who_maps(struct saves *saves)
{
	struct stat status;

	if ((!saves->watch.looked && !(saves->again && clock_now() >= saves->again)) ||
	    fstatat(saves->workdir->dir, saves->workdir->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	saves->again = saves->watch.looked ? clock_now() + AGAIN : 0;
	saves->watch.looked = false;
	writers_find(&saves->mapped, saves->workdir, &status);
}

/* The kernel does not always tell of what is written to a mapping. */
static void compare_mapped(struct saves *saves)
{
	const int64_t begun = clock_now();
	struct content content;
	struct stat status;
	int fd;

	if (!writers_map(&saves->held) || begun < saves->compared + LOOK)
		return;
	fd = open_file(saves, &status);
	if (fd < 0)
		return;
	if (content_read(fd, saves->reply->stream->buffer, &content) == 0 &&
	    !content_same(&content, &saves->reply->last))
		note_change(saves);
	close_file(saves, fd);
	saves->compared = clock_now() + (clock_now() - begun) * COMPARE_SHARE;
}

/* ---- Judging ---- */

/*
 * Was it written to where it is? What is written to a mapping leaves no event: but another content
 * in the file that was there before can have come in no other way.
 */
static bool was_written_there(const struct saves *saves, const struct stat *status)
{
	return saves->watch.modified ||
	       (!saves->watch.came && !saves->blind && status->st_ino == saves->sent.inode &&
		status->st_dev == saves->sent.device);
}

/* Why what has been written may be damaged: an errno, or 0. */
static int damage(const struct saves *saves, int fd, const struct stat *status,
		  enum complete complete)
{
	const int64_t apart = saves->died - saves->watch.closed_at;
	const bool closed = complete == COMPLETE_CLOSED, there = was_written_there(saves, status);

	/* It was open until its process was ended. */
	if (saves->died && there && saves->watch.closed && apart <= DEATH && apart >= -DEATH)
		return EIO;
	/* Nobody knows whether those who are gone have closed it, or their end has. */
	if (there && saves->watch.closed_at == saves->judged_at &&
	    (saves->closed_by == PROCESS_KILLED || saves->closed_by == PROCESS_GONE))
		return EIO;
	if (saves->full && saves->written && saves->changed - saves->full <= FULL)
		return ENOSPC;
	if (complete == COMPLETE_NOT || complete == COMPLETE_UNCERTAIN)
		return EIO;
	return closed && database_look(saves->workdir->dir, saves->workdir->name, fd, status) ==
				       DATABASE_WITHIN
		       ? EIO
		       : 0;
}

/* Does the file have the content that it had at an earlier look? If there was none, take one. */
static bool same_as_before(struct saves *saves, int fd)
{
	struct content content;

	if (saves->looked_at == 0) {
		if (content_read(fd, saves->reply->stream->buffer, &saves->looked) == 0)
			saves->looked_at = clock_now();
		return false;
	}
	if (clock_now() - saves->looked_at < LOOK)
		return false;
	if (content_read(fd, saves->reply->stream->buffer, &content) < 0)
		return false;
	if (content_same(&content, &saves->looked))
		return true;
	note_change(saves);
	return false;
}

/* May it be sent now, in the middle of the session? */
static bool is_due(struct saves *saves, int fd, enum complete complete)
{
	static const int64_t quiet[] = {
		[COMPLETE_HELD] = QUIET_HELD,
		[COMPLETE_UNCERTAIN] = QUIET_UNCERTAIN,
		[COMPLETE_NOT] = INT64_MAX,
	};
	const int64_t passed = clock_now() - saves->changed;

	if (complete == COMPLETE_CLOSED)
		return true;
	if (complete == COMPLETE_DATABASE) {
		saves->judge = saves->changed + QUIET_DATABASE;
		return passed >= QUIET_DATABASE;
	}
	/* A mapping can be written to without any sign. */
	return passed + LOOK >= quiet[complete] && same_as_before(saves, fd) &&
	       passed >= quiet[complete];
}

/* May it be sent now that the session ends, though somebody may be writing it? */
static bool is_last(const struct saves *saves, const struct stat *status, enum complete complete)
{
	const int64_t passed = clock_now() - saves->changed;

	switch (complete) {
	case COMPLETE_CLOSED:
	case COMPLETE_DATABASE:
		return true;
	default: /* what has just been emptied is about to be written */
		return passed >= QUIET_HELD && status->st_size > 0;
	}
}

/* ---- Sending ---- */

enum moment {
	MOMENT_NOW,     /* in the middle of the session, when it is quiet */
	MOMENT_BETWEEN, /* the same, between two changes that follow each other closely */
	MOMENT_END,     /* the session ends, but not the application */
	MOMENT_OVER     /* nobody has the file any more */
};

/* What has happened since the last look, though sending it may take long. */
static void note_meanwhile(void *argument)
{
	struct saves *saves = argument;

	if (saves->blind)
		return;
	watch_read(&saves->watch);
	note_authors(saves);
	if (saves->watch.writes)
		note_full(saves);
}

/* As send_save(), for the file that is open as `fd`. */
static int send_open(struct saves *saves, int fd, const struct stat *status, enum moment moment)
{
	struct complete_question asked = question(saves);
	struct writers writers = {.all = true};
	/* Between two changes there is no time for more than the lease. */
	const enum complete complete =
		moment == MOMENT_BETWEEN && writers_ask(saves->workdir, fd) != WRITING_NOBODY
			? COMPLETE_NOT
			: complete_judge(&asked, fd, status, &writers);
	const struct mark mark = mark_of(status);
	int r;

	if (moment == MOMENT_BETWEEN && complete != COMPLETE_CLOSED)
		return 0;
	if (moment == MOMENT_NOW &&
	    !(mark_same(&mark, &saves->seen) && is_due(saves, fd, complete)))
		return 0;
	if (moment == MOMENT_END && !is_last(saves, status, complete))
		return 0;
	note_meanwhile(saves);
	saves->reply->meanwhile = note_meanwhile;
	saves->reply->observer = saves;
	r = reply_save(saves->reply, fd, status, damage(saves, fd, status, complete),
		       saves->written);
	saves->reply->meanwhile = NULL;
	if (r >= 0)
		settle(saves, status, &writers);
	saves->watch.saved |= r == 1;
	return r;
}

/*
 * Send the present content of the file if it is a save that is complete at this moment. Returns as
 * reply_save(), and 0 if there is none.
 */
static int send_save(struct saves *saves, enum moment moment)
{
	struct stat status;
	int fd = open_file(saves, &status), r;

	if (fd < 0)
		/* It was moved away, to be replaced soon, or removed, which is no save. */
		return fd == -ENOENT ? 0 : fd;
	r = send_open(saves, fd, &status, moment);
	close_file(saves, fd);
	return r;
}

/* Try whether it is complete though it changes all the time? */
static bool is_overdue(const struct saves *saves)
{
	const int64_t now = clock_now();

	return now >= saves->since + LONGEST && now >= saves->tried + BETWEEN &&
	       saves->changed >= saves->tried;
}

/* When the quiet time has passed, if that is before the next look. */
static void set_due(struct saves *saves)
{
	const int64_t now = clock_now(), longest = saves->since + LONGEST;

	if (!saves->pending)
		return;
	if (saves->judge > now && saves->judge < saves->due)
		saves->due = saves->judge;
	if (longest > now && longest < saves->due)
		saves->due = longest;
}

/* Version 1 can only send the last save. */
static int attend_file(struct saves *saves)
{
	int r = 0;

	if (!saves->pending) {
		look_who_holds(saves);
		compare_mapped(saves);
	} else {
		look_who_maps(saves);
	}
	if (saves->pending && saves->reply->records && clock_now() >= saves->judge) {
		saves->judge = clock_now() + LOOK;
		r = send_save(saves, MOMENT_NOW);
	} else if (saves->pending && saves->reply->records && is_overdue(saves)) {
		saves->tried = clock_now();
		r = send_save(saves, MOMENT_BETWEEN);
	}
	if (r == -EAGAIN) { /* the quiet time begins now, not when the change is noticed */
		look(saves);
		note_change(saves);
	}
	set_due(saves);
	return r < 0 && saves->reply->ended ? r : 0;
}

static int attend_beside(struct saves *saves)
{
	if (!saves->beside || clock_now() < saves->others->next)
		return 0;
	beside_look(saves->others, saves->workdir);
	return beside_send(saves->others, saves->workdir, saves->reply, false, saves->died);
}

int saves_attend(struct saves *saves)
{
	int r;

	look(saves);
	if (saves->view_only)
		return 0;
	r = attend_file(saves);
	return r < 0 ? r : attend_beside(saves);
}

int saves_send_last(struct saves *saves, bool over)
{
	int r = -EAGAIN, beside = 0;

	saves->others->over = over;
	look(saves);
	if (saves->view_only)
		return 0;
	for (int i = 0; r == -EAGAIN && i < LAST_TRIES; i++)
		r = send_save(saves, over ? MOMENT_OVER : MOMENT_END);
	if (saves->beside && !saves->reply->ended) {
		beside_look(saves->others, saves->workdir);
		beside =
			beside_send(saves->others, saves->workdir, saves->reply, true, saves->died);
	}
	return r == -EAGAIN ? -ESTALE : r < 0 ? r : beside;
}

/* ---- What others ask ---- */

bool saves_pending(const struct saves *saves)
{
	return saves->pending && !saves->view_only;
}

bool saves_open_elsewhere(struct saves *saves)
{
	struct stat status;
	int fd = open_file(saves, &status);
	bool refused;

	if (fd < 0)
		return false;
	refused = lease_ask(fd) == WRITING_SOMEBODY;
	close_file(saves, fd);
	return refused;
}

bool saves_may_move(const struct saves *saves)
{
	return saves->missing && clock_now() - saves->missing < MOVED + LOOK;
}

void saves_writer_died(struct saves *saves)
{
	saves->died = clock_now();
}

unsigned saves_left_beside(struct saves *saves, char name[NAME_MAX + 1])
{
	beside_look(saves->others, saves->workdir);
	return beside_left(saves->others, name);
}
