/*
 * What a receiver remarks on a success: both ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/remarks.h"
#include "unit.h"

static struct qfile_result result;

static void begin(const char *bytes, size_t length)
{
	memset(&result, 'X', sizeof(result));
	result.code = 0;
	result.namelen = length;
	memcpy(result.name, bytes, length);
}

static const char *remark(const char *key)
{
	const char *value = qfile_result_remark(&result, key);

	return value ? value : "none";
}

START_TEST(what_is_put_is_found)
{
	const char *name, *final;
	size_t place = 0;

	begin("a\0a (2)\0", 8);
	ck_assert_str_eq(remark("place"), "none");
	remark_put(&result, "place", "/srv/in=x");
	remark_put(&result, "lost", "");
	ck_assert_str_eq(remark("place"), "/srv/in=x");
	ck_assert_str_eq(remark("lost"), "");
	ck_assert_str_eq(remark("plac"), "none");
	ck_assert_str_eq(remark("place2"), "none");
	/* The new names are what they were. */
	ck_assert(qfile_result_renamed(&result, &place, &name, &final));
	ck_assert_str_eq(name, "a");
	ck_assert_str_eq(final, "a (2)");
	ck_assert(!qfile_result_renamed(&result, &place, &name, &final));
}
END_TEST

/* Whole or not at all. */
START_TEST(what_does_not_fit_is_left_out)
{
	static char value[QFILE_NAME_MAX];

	begin("", 0);
	memset(value, 'v', sizeof(value) - 1 - strlen("k=") - 1);
	remark_put(&result, "k", value);
	ck_assert_uint_eq(result.namelen, sizeof(result.name));
	ck_assert_str_eq(remark("k"), value);
	remark_put(&result, "l", "");
	ck_assert_uint_eq(result.namelen, sizeof(result.name));
	begin("", 0);
	value[strlen(value)] = 'v';
	remark_put(&result, "k", value);
	ck_assert_uint_eq(result.namelen, 0);
}
END_TEST

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *label, *bytes;
	size_t length;
	const char *value;
} untrusted[] = {
	{"one", BYTES("\0k=v\0"), "v"},
	{"the first of two", BYTES("\0k=v\0\0k=w\0"), "v"},
	{"behind others", BYTES("a\0b\0\0kk=x\0\0\0\0k=v\0"), "v"},
	{"no value", BYTES("\0k\0"), "none"},
	{"not terminated", BYTES("\0k=v"), "none"},
	{"behind one that is not", BYTES("\0x"), "none"},
	{"no pair", BYTES("k=v\0"), "none"},
	{"of a name", BYTES("a\0k=v\0"), "none"},
	{"behind half a pair", BYTES("a\0\0k=v\0"), "none"},
	{"nothing", BYTES(""), "none"},
	{"only the first NUL", BYTES("\0"), "none"},
};

START_TEST(what_comes_is_checked)
{
	begin(untrusted[_i].bytes, untrusted[_i].length);
	ck_assert_msg(strcmp(remark("k"), untrusted[_i].value) == 0, "%s", untrusted[_i].label);
	result.code = EEXIST;
	ck_assert_str_eq(remark("k"), "none");
}
END_TEST

Suite *remarks_suite(void)
{
	Suite *suite = suite_create("remarks");
	TCase *tcase = add_case(suite, "remarks");

	tcase_add_test(tcase, what_is_put_is_found);
	tcase_add_test(tcase, what_does_not_fit_is_left_out);
	add_table_test(tcase, what_comes_is_checked, untrusted);
	return suite;
}
