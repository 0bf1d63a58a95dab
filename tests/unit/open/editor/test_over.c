/*
 * When a session is over: each row of the table of evidence, on both sides of its bounds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/over.h"
#include "unit.h"

/* Nobody has had it for long, and it was saved and opened longer ago. */
#define LONG_AGO .idle = 200000, .since_open = 300000, .since_change = 300000
/* It was opened 6 seconds ago, by one of the others perhaps; and these have ended since. */
#define OPENED_AGAIN(nobody, waiter)                                                          \
	.idle = (nobody), .since_open = 6000, .since_change = 9000, .since_waiter = (waiter), \
	.opened = true, .others = true
/* One of those takes files, and nothing has changed the file after that. */
#define HANDED_ON(nobody, waiter) OPENED_AGAIN(nobody, waiter), .opened_last = true, .taker = true

static const struct {
	const char *label;
	struct evidence evidence;
	enum verdict verdict;
} cases[] = {
	{"nobody, and nobody else", {LONG_AGO}, VERDICT_OVER},
	/* Who has it goes before all else. */
	{"the handler lives", {LONG_AGO, .handler_lives = true, .let_go = true}, VERDICT_GOES_ON},
	{"somebody has it", {LONG_AGO, .held = true, .saved_by_it = true}, VERDICT_GOES_ON},
	{"somebody has it, others are not seen",
	 {LONG_AGO, .held = true, .unseen = true},
	 VERDICT_GOES_ON},
	/* An error of looking is never "nobody". */
	{"not seen", {LONG_AGO, .unseen = true}, VERDICT_NOT_SEEN},
	{"not seen, the handler failed",
	 {LONG_AGO, .unseen = true, .handler_failed = true},
	 VERDICT_NOT_SEEN},
	{"not seen, one has let go", {LONG_AGO, .unseen = true, .let_go = true}, VERDICT_NOT_SEEN},
	{"not seen, it was saved",
	 {LONG_AGO, .unseen = true, .saved_by_it = true},
	 VERDICT_NOT_SEEN},
	{"not seen, locked", {LONG_AGO, .unseen = true, .locked = true}, VERDICT_NOT_SEEN},
	/* A lock file counts as long as somebody may have made it. */
	{"locked by another", {LONG_AGO, .locked = true, .others = true}, VERDICT_GOES_ON},
	{"locked by one who may start",
	 {LONG_AGO, .locked = true, .starts = true},
	 VERDICT_GOES_ON},
	{"locked by one who has crashed", {LONG_AGO, .locked = true}, VERDICT_OVER},
	{"watched from around", {LONG_AGO, .lingers = true, .let_go = true}, VERDICT_MAY_HAVE_IT},
	/* It changes hands, or is replaced. */
	{"between two looks", {.idle = 149, .since_change = 300000}, VERDICT_GOES_ON},
	{"after two looks", {.idle = 150, .since_change = 300000}, VERDICT_OVER},
	{"just saved", {.idle = 200, .since_change = 999}, VERDICT_GOES_ON},
	{"saved a second ago", {.idle = 200, .since_change = 1000}, VERDICT_OVER},
	/* One that goes on in the background, whatever is known of those who started it. */
	{"an heir of one that has let go",
	 {LONG_AGO, .heir = true, .others = true, .opened = true, .let_go = true},
	 VERDICT_MAY_HAVE_IT},
	{"an heir, and it was saved",
	 {LONG_AGO, .heir = true, .others = true, .opened = true, .saved_by_it = true},
	 VERDICT_MAY_HAVE_IT},
	{"an heir, and the handler failed",
	 {.idle = 89999,
	  .since_change = 90000,
	  .heir = true,
	  .others = true,
	  .handler_failed = true},
	 VERDICT_MAY_HAVE_IT},
	{"an heir that has not opened it for long",
	 {.idle = 90000, .since_change = 90001, .heir = true, .others = true},
	 VERDICT_UNOPENED},
	{"an heir, just saved", {.idle = 200, .since_change = 999, .heir = true}, VERDICT_GOES_ON},
	/* Whose end counts, though others could have been handed it. */
	{"the handler failed", {LONG_AGO, .handler_failed = true, .others = true}, VERDICT_OVER},
	{"one has let go",
	 {LONG_AGO, .let_go = true, .others = true, .starts = true},
	 VERDICT_OVER},
	{"its lock has gone", {LONG_AGO, .unlocked = true, .others = true}, VERDICT_OVER},
	{"saved by it", {LONG_AGO, .saved_by_it = true, .others = true}, VERDICT_OVER},
	/* They did something with it first, and then handed it to one that takes files. */
	{"saved by it, and then opened",
	 {HANDED_ON(4001, 6000), .since_let_go = INT64_MAX, .saved_by_it = true},
	 VERDICT_MAY_HAVE_IT},
	{"saved by it when it had been opened",
	 {OPENED_AGAIN(4001, 6000), .since_let_go = INT64_MAX, .saved_by_it = true, .taker = true},
	 VERDICT_OVER},
	{"saved by it, then opened, and nobody ended for long after that",
	 {HANDED_ON(4000, 6000), .since_let_go = INT64_MAX, .saved_by_it = true},
	 VERDICT_OVER},
	{"saved by it, then opened, and one who waited has ended after that",
	 {HANDED_ON(4001, 5999), .since_let_go = INT64_MAX, .saved_by_it = true},
	 VERDICT_OVER},
	{"one has let go, and then it was opened",
	 {HANDED_ON(4001, 6000), .since_let_go = 6001, .let_go = true},
	 VERDICT_MAY_HAVE_IT},
	{"one has let go when it had been opened",
	 {HANDED_ON(4001, 6000), .since_let_go = 6000, .let_go = true},
	 VERDICT_OVER},
	{"its lock has gone, and then it was opened",
	 {HANDED_ON(4001, 6000), .since_let_go = 6001, .unlocked = true},
	 VERDICT_MAY_HAVE_IT},
	{"one has let go, and then it was opened, by nobody who takes files",
	 {OPENED_AGAIN(4001, 6000), .since_let_go = 6001, .let_go = true, .opened_last = true},
	 VERDICT_OVER},
	/* A process that had only the path, for long. */
	{"it waited, and was opened since",
	 {.idle = 1999,
	  .since_open = 2500,
	  .since_change = 9000,
	  .has_waited = true,
	  .others = true,
	  .opened = true},
	 VERDICT_GOES_ON},
	{"it waited, and nobody followed",
	 {.idle = 2000,
	  .since_open = 2500,
	  .since_change = 9000,
	  .has_waited = true,
	  .others = true,
	  .opened = true},
	 VERDICT_OVER},
	{"it waited, and somebody opens it now",
	 {.idle = 2000,
	  .since_open = 1500,
	  .since_change = 9000,
	  .has_waited = true,
	  .others = true,
	  .opened = true},
	 VERDICT_MAY_HAVE_IT},
	{"the likely one has ended",
	 {LONG_AGO, .likely_ended = true, .others = true, .opened = true},
	 VERDICT_OVER},
	/* A cold start. */
	{"one may start",
	 {.idle = 89999, .since_open = 90000, .since_change = 90000, .starts = true},
	 VERDICT_MAY_START},
	{"none has started",
	 {.idle = 90000, .since_open = 90001, .since_change = 90001, .starts = true},
	 VERDICT_UNOPENED},
	{"one may take it",
	 {.idle = 89999, .since_open = 90000, .since_change = 90000, .others = true},
	 VERDICT_MAY_START},
	{"none has taken it",
	 {.idle = 90000, .since_open = 90001, .since_change = 90001, .others = true},
	 VERDICT_UNOPENED},
	{"one may have read it", {LONG_AGO, .others = true, .opened = true}, VERDICT_MAY_HAVE_IT},
	{"one may have read it just now",
	 {.idle = 5000, .since_open = 5000, .since_change = 9000, .others = true, .opened = true},
	 VERDICT_MAY_HAVE_IT},
	{"all who started have ended", {LONG_AGO, .starts = true, .opened = true}, VERDICT_OVER},
};

START_TEST(judged)
{
	ck_assert_msg(over_judge(&cases[_i].evidence) == cases[_i].verdict, "%s: %d instead of %d",
		      cases[_i].label, (int)over_judge(&cases[_i].evidence),
		      (int)cases[_i].verdict);
}
END_TEST

Suite *over_suite(void)
{
	Suite *suite = suite_create("over");

	add_table_test(add_case(suite, "evidence"), judged, cases);
	return suite;
}
