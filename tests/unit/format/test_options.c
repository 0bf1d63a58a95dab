/*
 * Options of the public interface: those of another version, and those that nobody filled.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "format/options.h"

#include <errno.h>
#include <qfile.h>

/* As the second version has them; the first had no `more`. */
struct options {
	size_t size;
	int first;
	int more;
};
#define FIRST_SIZE offsetof(struct options, more)

static const struct {
	size_t size;
	int result;
	struct options taken; /* over 7 and 7 */
} sizes[] = {
	{0, -EINVAL, {sizeof(struct options), 7, 7}},
	{FIRST_SIZE - 1, -EINVAL, {sizeof(struct options), 7, 7}},
	{FIRST_SIZE, 0, {FIRST_SIZE, 1, 7}},
	{sizeof(struct options), 0, {sizeof(struct options), 1, 2}},
	{sizeof(struct options) + 1, -EINVAL, {sizeof(struct options), 7, 7}},
	{SIZE_MAX, -EINVAL, {sizeof(struct options), 7, 7}},
};

START_TEST(a_size)
{
	struct options own = {sizeof(own), 7, 7}, given = {sizes[_i].size, 1, 2};

	ck_assert_int_eq(options_take(&own, sizeof(own), FIRST_SIZE, &given), sizes[_i].result);
	ck_assert_uint_eq(own.size, sizes[_i].taken.size);
	ck_assert_int_eq(own.first, sizes[_i].taken.first);
	ck_assert_int_eq(own.more, sizes[_i].taken.more);
}
END_TEST

/* Zeros are nobody's options: no descriptor is used by mistake. */
START_TEST(zeros)
{
	const struct qfile_sender_options sender_options = {.size = 0};
	const struct qfile_receive_options receive_options = {.size = 0};
	struct qfile_receive_outcome outcome;
	struct qfile_sender *sender = NULL;
	struct qfile_error error;

	ck_assert_int_eq(qfile_sender_new(&sender, &sender_options), -EINVAL);
	ck_assert_ptr_null(sender);
	ck_assert_int_eq(qfile_receive(&receive_options, &outcome, &error), -EINVAL);
	ck_assert_int_eq(error.code, EINVAL);
	ck_assert(!outcome.result_sent);
}
END_TEST

START_TEST(what_a_caller_begins_with)
{
	const struct qfile_sender_options sender = QFILE_SENDER_OPTIONS_INIT;
	const struct qfile_receive_options receive = QFILE_RECEIVE_OPTIONS_INIT;

	ck_assert(sender.in == -1 && sender.out == -1 && sender.stop == -1 && sender.journal == -1);
	ck_assert(receive.in == -1 && receive.out == -1 && receive.stop == -1 &&
		  receive.incoming == -1);
	ck_assert(receive.limits.bytes == UINT64_MAX && receive.limits.files == UINT64_MAX);
}
END_TEST

Suite *options_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = add_case(suite, "options");

	add_table_test(tcase, a_size, sizes);
	tcase_add_test(tcase, zeros);
	tcase_add_test(tcase, what_a_caller_begins_with);
	return suite;
}
