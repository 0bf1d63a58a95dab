/*
 * Names that became others: both ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/renames.h"
#include "unit.h"

#include <stdio.h>

static struct renames renames;
static struct qfile_result result;

/* The pairs of a result as "old>new old>new", in a static buffer. */
static const char *pairs_of(const char *bytes, size_t length, uint32_t code)
{
	static char text[2 * QFILE_NAME_MAX];
	const char *name, *final;
	size_t place = 0, used = 0;

	result.code = code;
	result.namelen = length;
	memset(result.name, 'X', sizeof(result.name));
	memcpy(result.name, bytes, length);
	text[0] = '\0';
	while (qfile_result_renamed(&result, &place, &name, &final))
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s>%s",
					 used > 0 ? " " : "", name, final);
	return text;
}

static const char *noted(void)
{
	return pairs_of(renames.pairs, renames.used, 0);
}

START_TEST(names_are_noted_in_order)
{
	renames = (struct renames){.used = 0};
	ck_assert_str_eq(noted(), "");
	renames_note(&renames, "a", "a (2)");
	renames_note(&renames, "b", "b (7)");
	ck_assert_str_eq(noted(), "a>a (2) b>b (7)");
}
END_TEST

/* Somebody took the new name before the entry got it: it has a third. */
START_TEST(the_first_name_and_the_last_count)
{
	renames = (struct renames){.used = 0};
	renames_note(&renames, "a", "a (2)");
	renames_note(&renames, "b", "b (2)");
	renames_note(&renames, "c", "c (2)");
	renames_note(&renames, "b (2)", "b (33)");
	renames_note(&renames, "c (2)", "c (3)");
	ck_assert_str_eq(noted(), "a>a (2) b>b (33) c>c (3)");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	char name[256], final[256];

	renames = (struct renames){.used = 0};
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%0200u", i);
		snprintf(final, sizeof(final), "%0200u (2)", i);
		renames_note(&renames, name, final);
		ck_assert_uint_le(renames.used, sizeof(renames.pairs));
	}
	ck_assert(renames.full);
	/* 201 + 205 bytes each. */
	ck_assert_uint_eq(renames.used, sizeof(renames.pairs) / 406 * 406);
	/* A shorter one would fit, and would say that nothing was left out before it. */
	renames_note(&renames, "a", "b");
	ck_assert_uint_eq(renames.used, sizeof(renames.pairs) / 406 * 406);
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *label, *bytes;
	size_t length;
	uint32_t code;
	const char *pairs;
} untrusted[] = {
	{"one", BYTES("a\0b\0"), 0, "a>b"},
	{"two", BYTES("a\0b\0c\0d\0"), 0, "a>b c>d"},
	{"any bytes", BYTES("\377\n\0\033[2J\0"), 0, "\377\n>\033[2J"},
	{"the last name of a receiver that tells none", BYTES("dir/file"), 0, ""},
	{"nothing", BYTES(""), 0, ""},
	{"a failure", BYTES("a\0b\0"), EEXIST, ""},
	{"not terminated", BYTES("a\0b"), 0, ""},
	{"half a pair", BYTES("a\0"), 0, ""},
	{"half a pair behind one", BYTES("a\0b\0c\0"), 0, "a>b"},
	{"cut behind one", BYTES("a\0b\0c\0d"), 0, "a>b"},
	{"a path", BYTES("a\0b/c\0"), 0, ""},
	{"a path first", BYTES("a/b\0c\0"), 0, ""},
	{"up", BYTES("a\0..\0"), 0, ""},
	{"here", BYTES(".\0a\0"), 0, ""},
	{"empty", BYTES("\0a\0"), 0, ""},
	{"empty second", BYTES("a\0\0b\0c\0"), 0, ""},
};

START_TEST(what_comes_is_checked)
{
	const char *pairs = pairs_of(untrusted[_i].bytes, untrusted[_i].length, untrusted[_i].code);

	ck_assert_msg(strcmp(pairs, untrusted[_i].pairs) == 0, "%s: %s", untrusted[_i].label,
		      pairs);
}
END_TEST

Suite *renames_suite(void)
{
	Suite *suite = suite_create("renames");
	TCase *tcase = add_case(suite, "renames");

	tcase_add_test(tcase, names_are_noted_in_order);
	tcase_add_test(tcase, the_first_name_and_the_last_count);
	tcase_add_test(tcase, what_does_not_fit_is_left_out);
	add_table_test(tcase, what_comes_is_checked, untrusted);
	return suite;
}
