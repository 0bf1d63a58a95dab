/*
 * Refused calls in the log: a line a second for each caller, at a clock that is played.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpcd/refusals.h"
#include "played.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct refusals refusals;

static void begin(void)
{
	int log;

	scratch_enter();
	MUST(log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600));
	MUST(dup2(log, STDERR_FILENO));
	memset(&refusals, 0, sizeof(refusals));
	played_pass(0);
}

/* How often this is in the log. Without `text`: how many lines there are. */
static unsigned logged(const char *text)
{
	const char *at = content_of("log");
	unsigned count = 0;

	for (; (at = strstr(at, text ? text : "\n")); at++)
		count++;
	return count;
}

START_TEST(the_first_is_a_line_at_once_and_the_others_are_counted)
{
	refusals_add(&refusals, 1, "work -> personal: refused: first");
	ck_assert_uint_eq(logged("work -> personal: refused: first\n"), 1);
	ck_assert_int_eq(refusals_flush(&refusals), -1);
	for (int i = 0; i < 1000; i++)
		refusals_add(&refusals, 1, "later");
	ck_assert_uint_eq(logged(NULL), 1);
	ck_assert_int_eq(refusals_flush(&refusals), 1000);
	played_pass(999);
	ck_assert_int_eq(refusals_flush(&refusals), 1);
	refusals_add(&refusals, 1, "the last one");
	ck_assert_uint_eq(logged(NULL), 1);
	played_pass(1);
	ck_assert_int_eq(refusals_flush(&refusals), -1);
	ck_assert_uint_eq(logged("the last one (the last of 1001 such calls)\n"), 1);
	ck_assert_uint_eq(logged(NULL), 2);
}
END_TEST

START_TEST(after_a_quiet_second_the_next_is_a_line_again)
{
	refusals_add(&refusals, 1, "one");
	played_pass(1000);
	refusals_add(&refusals, 1, "two");
	ck_assert_uint_eq(logged("two\n"), 1);
	refusals_add(&refusals, 1, "three");
	ck_assert_uint_eq(logged(NULL), 2);
}
END_TEST

START_TEST(callers_have_lines_of_their_own_as_long_as_there_are_not_too_many)
{
	for (unsigned origin = 0; origin < REFUSALS_CALLERS; origin++)
		refusals_add(&refusals, origin, "own");
	ck_assert_uint_eq(logged("own\n"), REFUSALS_CALLERS);
	/* All others are one. */
	for (unsigned origin = 5000; origin < 6000; origin++)
		refusals_add(&refusals, origin, "shared");
	ck_assert_uint_eq(logged(NULL), REFUSALS_CALLERS + 1);
	/* Who has not called for a second makes room. */
	played_pass(1000);
	ck_assert_int_eq(refusals_flush(&refusals), -1);
	ck_assert_uint_eq(logged("shared (the last of 999 such calls)\n"), 1);
	refusals_add(&refusals, 7000, "new");
	refusals_add(&refusals, 7001, "new");
	ck_assert_uint_eq(logged("new\n"), 2);
}
END_TEST

START_TEST(what_was_counted_is_a_line_at_the_end)
{
	for (int i = 0; i < 3; i++)
		refusals_add(&refusals, 1, "refused");
	refusals_end(&refusals);
	ck_assert_uint_eq(logged("refused (the last of 2 such calls)\n"), 1);
	refusals_end(&refusals);
	ck_assert_uint_eq(logged(NULL), 2);
}
END_TEST

Suite *refusals_suite(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tcase = add_case(suite, "refusals");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, the_first_is_a_line_at_once_and_the_others_are_counted);
	tcase_add_test(tcase, after_a_quiet_second_the_next_is_a_line_again);
	tcase_add_test(tcase, callers_have_lines_of_their_own_as_long_as_there_are_not_too_many);
	tcase_add_test(tcase, what_was_counted_is_a_line_at_the_end);
	return suite;
}
