/*
 * When a session is over.
 *
 * What cannot be seen at all: processes of other accounts, root's among them; what an application
 * that keeps nothing open has in its windows; and whether a file was opened by the application, or
 * by a program that only asked what kind of file it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/over.h"

#include <stddef.h>

/* Milliseconds. */
enum {
	/* Between two looks nobody may be seen, when one hands it to the next. */
	BETWEEN = 150,
	/* It was saved a moment ago: the application may be replacing it, and have it again. */
	REPLACING = 1000,
	/* After a process that only had the path, for another that opens it when that has ended. */
	AFTER_WAITING = 2000,
	/* From when an application opens it until the program that has told it to ends. */
	HANDING_ON = 2000,
	/* A session bus starts an application, on a cold machine. */
	COLD_START = 90000
};

static bool is_held(const struct evidence *e)
{
	return e->handler_lives || e->held;
}

/* Who has crashed leaves it behind. */
static bool is_locked(const struct evidence *e)
{
	return e->locked && (e->others || e->starts);
}

static bool is_unseen(const struct evidence *e)
{
	return e->unseen;
}

static bool is_lingering(const struct evidence *e)
{
	return e->lingers;
}

/* One hands it to the next, or replaces it. */
static bool is_changing_hands(const struct evidence *e)
{
	return e->idle < BETWEEN || e->since_change < REPLACING;
}

/* Who has not opened it for so long will not. */
static bool has_heir(const struct evidence *e)
{
	return e->heir && (e->opened || e->idle < COLD_START);
}

static bool has_failed(const struct evidence *e)
{
	return e->handler_failed;
}

/*
 * Somebody has opened it after all that the others did with it, and just before those ended: so
 * they may have converted or scanned it first, and then handed it on. But not where one that had
 * its path has waited all the time until after that.
 */
static bool was_handed_on(const struct evidence *e)
{
	return e->taker && e->opened_last && e->since_open < e->since_let_go &&
	       e->since_open - e->idle < HANDING_ON && e->since_open <= e->since_waiter;
}

static bool has_let_go(const struct evidence *e)
{
	return (e->let_go || e->unlocked) && !was_handed_on(e);
}

static bool was_saved_by_it(const struct evidence *e)
{
	return e->saved_by_it && !was_handed_on(e);
}

/* Somebody opens it just then: so the one that has ended has only handed it on. */
static bool has_waited(const struct evidence *e)
{
	return e->has_waited && e->since_open > e->idle;
}

static bool may_be_followed(const struct evidence *e)
{
	return has_waited(e) && e->idle < AFTER_WAITING;
}

static bool likely_has_ended(const struct evidence *e)
{
	return e->likely_ended;
}

static bool nobody_else(const struct evidence *e)
{
	return !e->others && !e->starts;
}

static bool may_start(const struct evidence *e)
{
	return e->idle < COLD_START && (!e->opened || !e->others);
}

static bool is_unopened(const struct evidence *e)
{
	return !e->opened;
}

static bool has_others(const struct evidence *e)
{
	return e->others;
}

static bool always(const struct evidence *e)
{
	(void)e;
	return true;
}

/*
 * The first row that applies counts. Each says whose end counts, or who may still save.
 */
static const struct {
	bool (*applies)(const struct evidence *evidence);
	enum verdict verdict;
} table[] = {
	/* The handler lives, or somebody is seen to have it. */
	{is_held, VERDICT_GOES_ON},
	/* An error of looking is never "nobody". */
	{is_unseen, VERDICT_NOT_SEEN},
	/* A lock file, and somebody who may have made it. */
	{is_locked, VERDICT_GOES_ON},
	/* One that watches directories, too, and for longer than it shows what is in them. */
	{is_lingering, VERDICT_MAY_HAVE_IT},
	/* Two looks, and a second after a save. */
	{is_changing_hands, VERDICT_GOES_ON},
	/* One that goes on in the background, whatever the others did that were started with it. */
	{has_heir, VERDICT_MAY_HAVE_IT},
	/* A handler that failed has handed it to nobody. */
	{has_failed, VERDICT_OVER},
	/* An application that was seen to show it, by a descriptor, a watch or a lock file. */
	{has_let_go, VERDICT_OVER},
	/* It was saved while they had it: so they were the application. */
	{was_saved_by_it, VERDICT_OVER},
	/* There is nobody who could have been handed it. */
	{nobody_else, VERDICT_OVER},
	/* A process that had only the path, for longer than handing on takes. */
	{may_be_followed, VERDICT_GOES_ON},
	{has_waited, VERDICT_OVER},
	/* An application that runs the program to which the path was given, and has ended now. */
	{likely_has_ended, VERDICT_OVER},
	/* A session bus starts one, which may take long. */
	{may_start, VERDICT_MAY_START},
	/* Who has not opened it by then has lost nothing. */
	{is_unopened, VERDICT_UNOPENED},
	/* One that was running may have read it, and keeps nothing open. */
	{has_others, VERDICT_MAY_HAVE_IT},
	/* None has started, or all have ended. */
	{always, VERDICT_OVER},
};

enum verdict over_judge(const struct evidence *evidence)
{
	size_t row = 0;

	while (!table[row].applies(evidence))
		row++;
	return table[row].verdict;
}
