/*
 * Numbers as users write them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/number.h"
#include "unit.h"

static const struct {
	const char *text;
	bool ok;
	uint64_t value;
} counts[] = {
	{"0", true, 0},
	{"007", true, 7},
	{"18446744073709551615", true, UINT64_MAX},
	{"18446744073709551616", false, 0},
	{"99999999999999999999", false, 0},
	{"", false, 0},
	{"-1", false, 0},
	{"+1", false, 0},
	{" 1", false, 0},
	{"1 ", false, 0},
	{"1K", false, 0},
	{"0x10", false, 0},
};

START_TEST(a_count)
{
	uint64_t value;

	ck_assert_int_eq(parse_count(counts[_i].text, &value), counts[_i].ok);
	if (counts[_i].ok)
		ck_assert_uint_eq(value, counts[_i].value);
}
END_TEST

static const struct {
	const char *text;
	uint64_t unit;
	bool ok;
	uint64_t value;
} sizes[] = {
	{"0", 1, true, 0},
	{"5", 1, true, 5},
	{"5", 1 << 20, true, 5 << 20},
	{"5K", 1 << 20, true, 5 << 10},
	{"5M", 1, true, 5 << 20},
	{"5G", 1, true, (uint64_t)5 << 30},
	{"5T", 1, true, (uint64_t)5 << 40},
	{"16777215T", 1, true, UINT64_MAX - ((uint64_t)1 << 40) + 1},
	{"16777216T", 1, false, 0},
	{"18446744073709551615", 2, false, 0},
	{"5k", 1, false, 0},
	{"5KB", 1, false, 0},
	{"5P", 1, false, 0},
	{"K", 1, false, 0},
	{"", 1, false, 0},
	{"1.5M", 1, false, 0},
};

START_TEST(a_size)
{
	uint64_t value;

	ck_assert_int_eq(parse_size(sizes[_i].text, sizes[_i].unit, &value), sizes[_i].ok);
	if (sizes[_i].ok)
		ck_assert_uint_eq(value, sizes[_i].value);
}
END_TEST

Suite *number_suite(void)
{
	Suite *suite = suite_create("number");
	TCase *tcase = add_case(suite, "numbers");

	add_table_test(tcase, a_count, counts);
	add_table_test(tcase, a_size, sizes);
	return suite;
}
