/*
 * The pool of the calls that have not been let in yet: who gets a place, who has to go, and when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpcd/pending.h"

static struct pending_calls pool;
static int64_t now;

static void begin(void)
{
	memset(&pool, 0, sizeof(pool));
	now = 1000;
}

/* A call of this origin where there is a place without anybody having to go. */
static struct pending_call *come(unsigned origin)
{
	struct pending_call *loser, *call = pending_place(&pool, origin, &loser);

	ck_assert_ptr_nonnull(call);
	ck_assert_ptr_null(loser);
	call->used = true;
	call->call.origin = origin;
	call->begun = now++;
	call->deadline = call->begun + 10000;
	return call;
}

static void come_all(unsigned origin, unsigned count)
{
	while (count-- > 0)
		come(origin);
}

/* Who has to go for a call of this origin? NULL: nobody, and there is no place. */
static struct pending_call *loser_for(unsigned origin)
{
	struct pending_call *loser;

	ck_assert_ptr_null(pending_place(&pool, origin, &loser));
	return loser;
}

START_TEST(a_place_has_nothing_of_who_had_it_before)
{
	static const struct pending_call empty;
	struct pending_call *call = come(7), *next;

	call->pid = 5;
	call->used = false;
	next = come(8);
	ck_assert_ptr_eq(next, call);
	ck_assert_int_eq(next->pid, empty.pid);
	ck_assert_uint_eq(pending_count(&pool, 7), 0);
	ck_assert_uint_eq(pending_count(&pool, 8), 1);
}
END_TEST

START_TEST(who_has_most_loses_the_oldest)
{
	struct pending_call *oldest;

	come(1);
	oldest = come(2);
	come_all(2, 153);
	come_all(1, 100);
	come(3);
	ck_assert_uint_eq(pending_count(&pool, 2), 154);
	ck_assert_ptr_eq(loser_for(3), oldest);
	ck_assert_ptr_eq(loser_for(1), oldest);
	ck_assert_ptr_eq(loser_for(4), oldest);
}
END_TEST

START_TEST(who_has_most_takes_nothing_of_others)
{
	come_all(1, 155);
	come_all(2, 101);
	ck_assert_ptr_null(loser_for(1));
}
END_TEST

START_TEST(nobody_takes_a_place_to_have_more_than_the_loser_then)
{
	come_all(1, 128);
	come_all(2, 128);
	ck_assert_ptr_null(loser_for(1));
	begin();
	come_all(1, 129);
	come_all(2, 127);
	ck_assert_ptr_eq(loser_for(2), &pool.calls[0]);
}
END_TEST

START_TEST(where_each_has_one_the_oldest_goes)
{
	struct pending_call *oldest = come(0);

	for (unsigned origin = 1; origin < PENDING_MAX; origin++)
		come(origin);
	ck_assert_ptr_eq(loser_for(PENDING_MAX), oldest);
	ck_assert_ptr_null(loser_for(PENDING_MAX - 1));
}
END_TEST

START_TEST(a_call_is_late_at_its_deadline_and_not_before)
{
	struct pending_call *first = come(1), *second = come(1);

	ck_assert_int_eq(pending_timeout(&pool, first->begun), 10000);
	ck_assert_ptr_null(pending_late(&pool, first->deadline - 1));
	ck_assert_ptr_eq(pending_late(&pool, first->deadline), first);
	ck_assert_int_eq(pending_timeout(&pool, first->deadline), 0);
	ck_assert_int_eq(pending_timeout(&pool, first->deadline + 5), 0);
	first->used = false;
	ck_assert_ptr_null(pending_late(&pool, first->deadline));
	ck_assert_int_eq(pending_timeout(&pool, first->deadline), 1);
	ck_assert_ptr_eq(pending_late(&pool, second->deadline), second);
	second->used = false;
	ck_assert_int_eq(pending_timeout(&pool, now), -1);
}
END_TEST

START_TEST(a_process_is_found_by_its_number)
{
	struct pending_call *call = come(1);

	come(1)->pid = 6;
	call->pid = 5;
	ck_assert_ptr_eq(pending_find(&pool, 5), call);
	call->used = false;
	ck_assert_ptr_null(pending_find(&pool, 5));
}
END_TEST

Suite *pending_suite(void)
{
	Suite *suite = suite_create("pending");
	TCase *tcase = add_case(suite, "pending");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, a_place_has_nothing_of_who_had_it_before);
	tcase_add_test(tcase, who_has_most_loses_the_oldest);
	tcase_add_test(tcase, who_has_most_takes_nothing_of_others);
	tcase_add_test(tcase, nobody_takes_a_place_to_have_more_than_the_loser_then);
	tcase_add_test(tcase, where_each_has_one_the_oldest_goes);
	tcase_add_test(tcase, a_call_is_late_at_its_deadline_and_not_before);
	tcase_add_test(tcase, a_process_is_found_by_its_number);
	return suite;
}
