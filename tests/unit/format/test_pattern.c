/*
 * Patterns of names that are left out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "format/pattern.h"

#include <errno.h>
#include <stdlib.h>

/* For a name that is a file's, and for one that is a directory's. */
static const struct {
	const char *pattern, *name;
	bool file, directory;
} rows[] = {
	{"*.o", "a.o", true, true},
	{"*.o", "top/sub/a.o", true, true},
	{"*.o", "a.o/x", false, false},
	{"*.o", ".o", true, true},
	{"*", ".hidden", true, true},
	{"a", "aa", false, false},
	{"a", "A", false, false},
	{"a?c", "abc", true, true},
	{"a?c", "a/c", false, false},
	{"a*c", "a/c", false, false},
	{"[ab]", "x/b", true, true},
	{"[!ab]", "x/b", false, false},
	{"\\*", "*", true, true},
	{"\\*", "x", false, false},
	{"/top", "top", true, true},
	{"/top", "x/top", false, false},
	{"/top/*", "top/x", true, true},
	{"/top/*", "top/x/y", false, false},
	{"/*", "top", true, true},
	{"/*", "top/x", false, false},
	{"dir/", "dir", false, true},
	{"dir/", "x/dir", false, true},
	{"/dir/", "x/dir", false, false},
	{"dir//", "dir", false, true},
	{"a/b", "a/b", true, true},
	{"a/b", "x/a/b", true, true},
	{"a/b", "xa/b", false, false},
	{"a/b", "b", false, false},
	{"a//b", "a/b", true, true},
	{"**", "x", true, true},
	{"/**", "x/y", true, true},
	{"**/a", "a", true, true},
	{"**/a", "x/y/a", true, true},
	{"a/**", "a", false, false},
	{"a/**", "a/x", true, true},
	{"a/**", "a/x/y", true, true},
	{"a/**/b", "a/b", true, true},
	{"a/**/b", "a/x/y/b", true, true},
	{"a/**/b", "a/x/y/c", false, false},
	{"/a/**/b", "x/a/b", false, false},
	{"/a/**/b/**/c", "a/b/x/b/c", true, true},
	{"/a/**/b/**/c", "a/c/b", false, false},
	{"/a/**/x/c", "a/x/c/x/y/x/c", true, true},
	{"/**/**/a", "a", true, true},
	{"/a/**/", "a/x", false, true},
	{"a**b", "axxb", true, true},
	{"a**b", "a/b", false, false},
	{"\377*", "\377\376", true, true},
};

START_TEST(matches)
{
	const char *const texts[] = {rows[_i].pattern, NULL};
	struct patterns patterns;

	ck_assert_int_eq(patterns_init(&patterns, texts), 0);
	ck_assert_msg(patterns_match(&patterns, rows[_i].name, false) == rows[_i].file,
		      "%s and the file %s", rows[_i].pattern, rows[_i].name);
	ck_assert_msg(patterns_match(&patterns, rows[_i].name, true) == rows[_i].directory,
		      "%s and the directory %s", rows[_i].pattern, rows[_i].name);
	patterns_free(&patterns);
}
END_TEST

START_TEST(one_of_several)
{
	static const char *const texts[] = {"a", "/b/c", "d/", NULL};
	struct patterns patterns;

	ck_assert_int_eq(patterns_init(&patterns, texts), 0);
	ck_assert(patterns_match(&patterns, "x/a", false));
	ck_assert(patterns_match(&patterns, "b/c", false));
	ck_assert(patterns_match(&patterns, "x/d", true));
	ck_assert(!patterns_match(&patterns, "x/d", false));
	ck_assert(!patterns_match(&patterns, "c", false));
	patterns_free(&patterns);
	ck_assert(!patterns_match(&patterns, "x/a", false));
}
END_TEST

START_TEST(none)
{
	static const char *const empty[] = {NULL};
	struct patterns patterns;

	ck_assert_int_eq(patterns_init(&patterns, NULL), 0);
	ck_assert(!patterns_match(&patterns, "a", true));
	ck_assert_int_eq(patterns_init(&patterns, empty), 0);
	ck_assert(!patterns_match(&patterns, "a", true));
}
END_TEST

START_TEST(without_a_part)
{
	static const char *const wrong[] = {"", "/", "///"};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *const texts[] = {"good", wrong[i], NULL};
		struct patterns patterns;

		ck_assert_int_eq(patterns_init(&patterns, texts), -EINVAL);
	}
}
END_TEST

/* A component that no file system can have matches nothing, and breaks nothing. */
START_TEST(long_names)
{
	static const char *const texts[] = {"*", NULL};
	struct patterns patterns;
	char *name = malloc(20001);

	memset(name, 'a', 20000);
	name[20000] = '\0';
	ck_assert_int_eq(patterns_init(&patterns, texts), 0);
	ck_assert(!patterns_match(&patterns, name, false));
	name[19000] = '/';
	name[19500] = '/';
	ck_assert(patterns_match(&patterns, name, false));
	patterns_free(&patterns);
	free(name);
}
END_TEST

Suite *pattern_suite(void)
{
	Suite *suite = suite_create("pattern");
	TCase *tcase = add_case(suite, "pattern");

	add_table_test(tcase, matches, rows);
	tcase_add_test(tcase, one_of_several);
	tcase_add_test(tcase, none);
	tcase_add_test(tcase, without_a_part);
	tcase_add_test(tcase, long_names);
	return suite;
}
