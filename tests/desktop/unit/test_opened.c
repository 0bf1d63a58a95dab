/*
 * Unit tests of what the window of an opening says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/opened.h"
#include "unit.h"

#include <string.h>

static const struct subject file = {ACTION_OPEN, "work", "/home/me/a", 1, FALSE},
			    viewed = {ACTION_VIEW, "work", "/home/me/a", 1, FALSE};

static void take(struct opened *opened, struct event event)
{
	event.phase = PHASE_OPEN;
	opened_take(opened, &file, &event, "12:00");
}

START_TEST(saves_are_counted)
{
	struct opened opened = {.open = FALSE};

	ck_text(opened_heading(&opened, &file), "Opening “" NAMED("a") "” in " NAMED("work"));
	take(&opened, (struct event){.saves = 0});
	ck_text(opened_heading(&opened, &file), "“" NAMED("a") "” is open in " NAMED("work"));
	ck_text(opened_status(&opened, &file), "Nothing was saved there yet.");
	take(&opened, (struct event){.saves = 1, .saves_here = 1});
	ck_text(opened_status(&opened, &file), "1 save is here, it came at 12:00.");
	take(&opened, (struct event){.saves = 2, .saves_here = 2});
	ck_text(opened_status(&opened, &file), "2 saves are here, the last came at 12:00.");
	take(&opened, (struct event){.saves = 3, .saves_here = 2});
	ck_text(opened_status(&opened, &file), "2 of 3 saves are in the file here, the last came "
					       "at 12:00.");
	ck_text(opened_status(&opened, &viewed), "Only to view it: nothing comes back.");
	ck_assert_ptr_null(opened.log);
	opened_clear(&opened);
}
END_TEST

/* clang-format off */
static const char listed[] =
	NAMED("work") " says: " NAMED("<b>?no") "\n"
	"Saved beside it in " NAMED("work") ", and here now: " NAMED("/in/b") "\n"
	"A save of " NAMED("work") " is kept in " NAMED("/k")
	", because the file here was changed or may not be replaced.\n"
	"The last save of " NAMED("work") " may be damaged. What the file had before is in "
	NAMED("/a~") "\n";
/* clang-format on */

START_TEST(what_else_is_to_be_known_is_listed)
{
	struct opened opened = {.open = FALSE};

	take(&opened, (struct event){.note = (char *)"<b>\x1b"
						     "no"});
	take(&opened, (struct event){.beside = (char *)"/in/b"});
	take(&opened, (struct event){.kept_at = (char *)"/k"});
	take(&opened, (struct event){.before = (char *)"/a~"});
	ck_assert_str_eq(opened.log->str, listed);
	opened_clear(&opened);
}
END_TEST

START_TEST(a_vm_that_says_much_is_not_listed_for_ever)
{
	struct opened opened = {.open = FALSE};
	unsigned lines = 0;

	for (unsigned i = 0; i < 1000; i++)
		take(&opened, (struct event){.note = (char *)"again"});
	for (const char *at = opened.log->str; *at; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, 200);
	opened_clear(&opened);
}
END_TEST

START_TEST(other_phases_change_nothing)
{
	const struct event event = {.phase = PHASE_SENDING, .bytes = 5};
	struct opened opened = {.open = FALSE};

	opened_take(&opened, &file, &event, "12:00");
	ck_assert(!opened.open);
}
END_TEST

TCase *opened_case(void)
{
	TCase *tcase = tcase_create("opened");

	tcase_add_test(tcase, saves_are_counted);
	tcase_add_test(tcase, what_else_is_to_be_known_is_listed);
	tcase_add_test(tcase, a_vm_that_says_much_is_not_listed_for_ever);
	tcase_add_test(tcase, other_phases_change_nothing);
	return tcase;
}
