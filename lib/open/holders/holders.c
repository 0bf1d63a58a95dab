/*
 * Who has the file in use, from one look to the next.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/holders/holders.h"
#include "system/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/*
 * Milliseconds for which a process must have had the file to be an application that shows it. Less
 * may be a program that only hands it to one, which also looks what kind of file it is.
 */
enum {
	/* Only applications watch a file: two looks are enough. */
	LONG_WATCHED = 200,
	/* That it was open is seen at its end; */
	LONG_OPEN = 1000,
	/* an application that goes on may only have read it in. */
	LONG_READ = 5000,
	/*
	 * With nothing but the path, counted from when anybody opened the file last: a program that
	 * hands it on ends at about that time.
	 */
	LONG_NAMED = 1500,
	/* The same of one that does nothing but hand files on, or that runs others' code. */
	LONG_LAUNCHER = 5000,
	/* Where another process of the same program lives, to which it goes. */
	LONG_SAME = 20000,
	/* After a file was replaced, applications watch the new one sooner than that. */
	LONG_UNWATCHED = 2000
};

/* Programs that run others' code, or start applications: that two of them run says nothing. */
static const char *const interpreters[] = {"sh",   "dash",   "bash", "busybox", "zsh", "ksh",
					   "mksh", "python", "perl", "ruby",    "node"};

/* Programs that ask another to open a file, or start it, as the kernel shortens their names. */
static const char *const launchers[] = {
	"gio",       "gio-launch-des", "gtk-launch", "gvfs-open",   "gnome-open", "mate-open",
	"exo-open",  "exo-helper-2",   "kde-open",   "kde-open5",   "kioclient",  "kioclient5",
	"kfmclient", "dde-open",       "dbus-send",  "gdbus",       "busctl",     "qdbus",
	"flatpak",   "snap",           "bwrap",      "systemd-run", "oosplash",   "env",
	"timeout",   "nice",
};

void holders_open(struct holders *holders)
{
	target_begin(&holders->target);
	holders->count = holders->handed_count = holders->released_count = 0;
	holders->full = 0;
	holders->let_go = holders->has_waited = false;
	holders->last_held = holders->last_waiter = 0;
}

static void forget(struct holders *holders, int i)
{
	if (holders->holder[i].ended >= 0)
		close(holders->holder[i].ended);
	holders->count--;
	memmove(&holders->holder[i], &holders->holder[i + 1],
		(size_t)(holders->count - i) * sizeof(*holders->holder));
}

void holders_close(struct holders *holders)
{
	while (holders->count > 0)
		forget(holders, 0);
	target_end(&holders->target);
}

void holders_again(struct holders *holders)
{
	bool opened = holders->target.opened;

	target_begin(&holders->target);
	holders->target.opened |= opened;
	holders->full = 0;
}

/* ---- One that has it ---- */

static void extend(struct span *span)
{
	span->last = clock_now();
	if (span->since == 0)
		span->since = span->last;
}

static void has_it(struct holder *holder, int way)
{
	extend(way == WAY_WATCHED || way == WAY_AROUND ? &holder->watched
	       : way == WAY_OPEN                       ? &holder->open
						       : &holder->named);
	if (way == WAY_WATCHED)
		extend(&holder->shown);
}

/* Has it closed the file, perhaps, and only watches the directory now? */
static bool lingers(const struct holder *holder, int way)
{
	return way == WAY_AROUND && holder->shown.since > 0 &&
	       clock_now() - holder->shown.last >= LONG_UNWATCHED;
}

static void add(struct holders *holders, pid_t pid, int dir, int way)
{
	struct holder *holder = &holders->holder[holders->count];

	if (holders->count == HOLDERS_MAX)
		return;
	*holder = (struct holder){.ended = -1};
	if (process_read(dir, &holder->process) < 0)
		return;
	holder->program_seen = process_program(dir, &holder->program) == 0;
	holder->ended = pidfd_open(pid, 0);
	has_it(holder, way);
	holders->count++;
}

static bool is_known(const struct holders *holders, pid_t pid)
{
	for (int i = 0; i < holders->count; i++) {
		if (holders->holder[i].process.pid == pid)
			return true;
	}
	return false;
}

/* ---- One that has it no more ---- */

static int runs_program(pid_t pid, int dir, void *argument)
{
	struct program program;

	(void)pid;
	return process_program(dir, &program) == 0 && program_same(&program, argument);
}

static bool is_interpreter(const char *name)
{
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(*interpreters); i++) {
		size_t length = strlen(interpreters[i]);

		/* Versions are in names: python3.11. */
		if (strncmp(name, interpreters[i], length) == 0 &&
		    strspn(name + length, "0123456789.") == strlen(name + length))
			return true;
	}
	return false;
}

static void remember(struct holders *holders, const struct holder *holder)
{
	struct handed *handed = &holders->handed[holders->handed_count];

	if (!holder->program_seen || holders->handed_count == HANDED_MAX ||
	    is_interpreter(holder->process.name))
		return;
	for (int i = 0; i < holders->handed_count; i++) {
		if (program_same(&holders->handed[i].program, &holder->program))
			return;
	}
	handed->program = holder->program;
	snprintf(handed->name, sizeof(handed->name), "%s", holder->process.name);
	holders->handed_count++;
}

static int64_t length_of(const struct span *span)
{
	return span->last - span->since;
}

static bool is_launcher(const struct process *process)
{
	for (size_t i = 0; i < sizeof(launchers) / sizeof(*launchers); i++) {
		if (strcmp(process->name, launchers[i]) == 0)
			return true;
	}
	return is_interpreter(process->name);
}

/* Has one that has ended had the path for so long that it waited for its user? */
static bool waited(const struct holders *holders, struct holder *holder)
{
	int64_t from = holder->named.since, now = clock_now();

	if (from == 0)
		return false;
	if (from < holders->target.last_open)
		from = holders->target.last_open;
	if (now - from < (is_launcher(&holder->process) ? LONG_LAUNCHER : LONG_NAMED))
		return false;
	return now - from >= LONG_SAME ||
	       (holder->program_seen && process_each(runs_program, &holder->program) == 0);
}

static void note_released(struct holders *holders, const struct process *process)
{
	if (holders->released_count == RELEASED_MAX)
		memmove(holders->released, holders->released + 1,
			(size_t)--holders->released_count * sizeof(*holders->released));
	holders->released[holders->released_count++] = *process;
}

static void note_last(struct holders *holders, const struct span *open, const struct span *watched)
{
	const int64_t last = open->last > watched->last ? open->last : watched->last;

	if (last > holders->last_held)
		holders->last_held = last;
}

static void let_go(struct holders *holders, struct holder *holder, bool ended)
{
	const bool before = holders->let_go;
	int64_t now = clock_now();

	holders->let_go = false;
	if (ended && length_of(&holder->named) >= LONG_NAMED && !is_launcher(&holder->process))
		holders->last_waiter = now;

	if (holder->watched.since > 0 && length_of(&holder->watched) >= LONG_WATCHED)
		holders->let_go = true;
	else if (holder->open.since > 0 && ended && length_of(&holder->open) >= LONG_OPEN)
		holders->let_go = true;
	else if (holder->open.since > 0 && length_of(&holder->open) >= LONG_READ &&
		 now - holders->target.last_open >= LONG_READ)
		holders->let_go = true;
	else if (ended && waited(holders, holder))
		holders->has_waited = true;
	else
		remember(holders, holder);
	if (holders->let_go && !ended)
		note_released(holders, &holder->process);
	if (holders->let_go)
		note_last(holders, &holder->open, &holder->watched);
	holders->let_go |= before;
}

/* ---- Looking ---- */

struct look {
	struct holders *holders;
	struct search search;
	bool somebody;
	int unseen;
};

/* A shell becomes the program that it runs. */
static void know_program(struct holder *holder, const struct process *now, int dir)
{
	struct program program;

	if (strcmp(now->name, holder->process.name) == 0 || process_program(dir, &program) < 0)
		return;
	holder->process = *now;
	if (holder->program_seen && !program_same(&program, &holder->program))
		holder->named = (struct span){.since = 0};
	holder->program = program;
	holder->program_seen = true;
}

/* Look at one that is known. Returns whether it has it still, or may have. */
static bool look_again(struct look *look, struct holder *holder)
{
	struct process now;
	int dir = process_open(holder->process.pid), r = dir, way = WAY_NONE;

	if (dir >= 0) {
		r = process_read(dir, &now);
		if (r == 0 && now.start != holder->process.start)
			r = -ESRCH;
		if (r == 0)
			know_program(holder, &now, dir);
		if (r == 0)
			way = in_use(dir, &look->search);
		close(dir);
	}
	if (r < 0 && r != -ESRCH)
		way = r;
	if (way > WAY_NONE) {
		has_it(holder, way);
		if (lingers(holder, way))
			strcpy(look->holders->lingers, holder->process.name);
		else
			look->somebody = true;
	} else if (way < 0) {
		look->unseen = way;
	} else {
		let_go(look->holders, holder, r == -ESRCH);
	}
	return way != WAY_NONE;
}

static int look_at(pid_t pid, int dir, void *argument)
{
	struct look *look = argument;
	int way;

	if (is_known(look->holders, pid))
		return 0;
	way = process_is_ours(dir);
	if (way == 1)
		way = in_use(dir, &look->search);
	if (way > WAY_NONE) {
		add(look->holders, pid, dir, way);
		look->somebody = true;
	}
	/* Who hides from their own account may have been handed it: see candidates.h. */
	if (way < 0 && way != -EACCES && way != -EPERM && way != -ESRCH)
		look->unseen = way;
	return 0;
}

enum sight holders_look(struct holders *holders, int most, int *code)
{
	struct look look = {.holders = holders};
	int64_t used;
	int r;

	search_begin(&look.search, &holders->target);
	holders->lingers[0] = '\0';
	for (int i = 0; i < holders->count;) {
		if (look_again(&look, &holders->holder[i]))
			i++;
		else
			forget(holders, i);
	}
	if (!look.somebody || clock_now() - holders->full >= most) {
		used = clock_used();
		r = process_each(look_at, &look);
		holders->full = clock_now();
		holders->cost = clock_used() - used;
		if (r < 0)
			look.unseen = r;
	}
	*code = look.unseen;
	return look.somebody ? SIGHT_SOMEBODY : look.unseen ? SIGHT_UNKNOWN : SIGHT_NOBODY;
}
