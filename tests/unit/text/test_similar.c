/*
 * Names that one may have been meant by another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/similar.h"
#include "text/vmname.h"
#include "unit.h"

static const struct {
	const char *one, *other;
	unsigned distance;
} pairs[] = {
	{"work", "work", 0},
	{"Work", "work", 0},
	{"wrok", "work", 1},
	{"wok", "work", 1},
	{"works", "work", 1},
	{"wark", "work", 1},
	{"ork", "work", 1},
	{"worksx", "work", 2},
	{"owkr", "work", SIMILAR_NOT}, /* two exchanges are half of so short a name */
	{"persnoal", "personal", 1},
	{"presnoal", "personal", 2},
	{"personal", "prsonl", 2},
	{"personal", "persona", 1},
	{"personal", "pesoal", 2},
	{"personal", "psoal", SIMILAR_NOT},
	{"work", "vault", SIMILAR_NOT},
	{"wo", "work", SIMILAR_NOT},
	{"a", "b", SIMILAR_NOT},
	{"a", "ab", SIMILAR_NOT},
	{"ab", "ba", SIMILAR_NOT},
	{"abc", "acb", 1},
	{"", "", SIMILAR_NOT},
	{"", "work", SIMILAR_NOT},
};

START_TEST(distances)
{
	ck_assert_msg(similar_distance(pairs[_i].one, pairs[_i].other) == pairs[_i].distance,
		      "%s, %s: %u", pairs[_i].one, pairs[_i].other,
		      similar_distance(pairs[_i].one, pairs[_i].other));
}
END_TEST

/* Of the longest names all characters count; what is longer is no name. */
START_TEST(longest)
{
	char one[2 * VM_NAME_MAX] = "", other[2 * VM_NAME_MAX] = "";

	memset(one, 'n', VM_NAME_MAX);
	memset(other, 'n', VM_NAME_MAX);
	ck_assert_uint_eq(similar_distance(one, other), 0);
	other[VM_NAME_MAX - 1] = 'm';
	ck_assert_uint_eq(similar_distance(one, other), 1);
	other[0] = 'm';
	ck_assert_uint_eq(similar_distance(one, other), 2);
	memset(other, 'm', sizeof(other) - 1);
	ck_assert_uint_eq(similar_distance(one, other), SIMILAR_NOT);
}
END_TEST

Suite *similar_suite(void)
{
	Suite *suite = suite_create("similar");
	TCase *tcase = add_case(suite, "names");

	add_table_test(tcase, distances, pairs);
	tcase_add_test(tcase, longest);
	return suite;
}
