/*
 * What went wrong, and how it is said.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "format/error.h"

#include <stdio.h>

/* The text is `before`, the reason, `after`. */
static const struct {
	const char *label;
	struct qfile_error error;
	const char *before, *reason, *after; /* reason NULL: the C library's words */
} texts[] = {
	{"code alone", {.code = ENOENT}, "", NULL, ""},
	{"what was done",
	 {.code = ENOSPC, .doing = "syncing"},
	 "syncing: ",
	 "the disk is full",
	 ""},
	{"and to which file",
	 {.code = EACCES, .doing = "reading", .name = "a/b"},
	 "reading \"a/b\": ",
	 NULL,
	 ""},
	{"a file, but not what",
	 {.code = EEXIST, .name = "a"},
	 "\"a\": ",
	 "the name is there already",
	 ""},
	{"all of it",
	 {.code = ENOTDIR, .doing = "opening", .hint = "try another", .name = "a"},
	 "opening \"a\": ",
	 NULL,
	 " (try another)"},
	{"what the hint says better than the system",
	 {.code = EINVAL, .doing = "checking", .hint = "it must be a name"},
	 "checking: ",
	 "it must be a name",
	 ""},
	{"the same of what is not there",
	 {.code = ENOENT, .doing = "receiving for", .hint = "there is none", .name = "a"},
	 "receiving for \"a\": ",
	 "there is none",
	 ""},
	{"the stream's end",
	 {.code = QFILE_ETRUNCATED, .doing = "unpacking", .name = "a"},
	 "unpacking \"a\": ",
	 "the stream ended in the middle",
	 ""},
	{"a hostile name",
	 {.code = EIO, .doing = "unpacking", .name = "a\033]0;x\007\u202e\377"},
	 "unpacking \"a?]0;x???\": ",
	 "the disk failed (Input/output error)",
	 ""},
	{"a name in another script",
	 {.code = EIO, .doing = "reading", .name = "中文"},
	 "reading \"中文\": ",
	 "the disk failed (Input/output error)",
	 ""},
	{"which character",
	 {.code = EILSEQ, .name = "d/a\u202eb"},
	 "\"d/a?b\": ",
	 "the name has U+202E as character 4, which changes the direction of writing",
	 ""},
	{"which character, while something was done",
	 {.code = EILSEQ, .doing = "making", .name = "\377"},
	 "making \"?\": ",
	 "the name has byte 0xFF as character 1, which is not UTF-8",
	 ""},
	{"none, but its link's target",
	 {.code = EILSEQ, .name = "link"},
	 "\"link\": ",
	 "the name, or what the link points to, has characters that are not allowed",
	 ""},
	{"none, but our own",
	 {.code = EILSEQ, .name = ".qfile-incoming-0"},
	 "\".qfile-incoming-0\": ",
	 "the name is reserved for the receiver",
	 ""},
	{"what only the format has",
	 {.code = ENOLINK, .name = "l"},
	 "\"l\": ",
	 "the link points outside of what is copied",
	 ""},
};

START_TEST(error_text)
{
	const struct qfile_error *error = &texts[_i].error;
	char expected[256], text[256];

	snprintf(expected, sizeof(expected), "%s%s%s", texts[_i].before,
		 texts[_i].reason ? texts[_i].reason : strerror(error->code), texts[_i].after);
	ck_assert_ptr_eq(qfile_error_text(error, text, sizeof(text)), text);
	ck_assert_msg(strcmp(text, expected) == 0, "%s: %s", texts[_i].label, text);
}
END_TEST

/* In a smaller buffer stands the beginning of the same, and nothing behind it. */
START_TEST(error_text_cut)
{
	const struct qfile_error *error = &texts[_i].error;
	char whole[256];

	qfile_error_text(error, whole, sizeof(whole));
	for (size_t size = 1; size < strlen(whole) + 3; size++) {
		char text[256];

		memset(text, 'X', sizeof(text));
		qfile_error_text(error, text, size);
		ck_assert_msg(strlen(text) == (size - 1 < strlen(whole) ? size - 1 : strlen(whole)),
			      "%s, %zu bytes: \"%s\"", texts[_i].label, size, text);
		ck_assert_msg(strncmp(text, whole, strlen(text)) == 0, "%s, %zu bytes: \"%s\"",
			      texts[_i].label, size, text);
		for (size_t i = size; i < sizeof(text); i++)
			ck_assert_msg(text[i] == 'X', "%s, %zu bytes: wrote behind its end",
				      texts[_i].label, size);
	}
}
END_TEST

/* Of a very long name the end is shown. */
START_TEST(error_text_with_a_long_name)
{
	static struct qfile_error error = {.code = EIO, .doing = "reading"};
	char text[1024];

	memset(error.name, 'n', QFILE_ERROR_NAME_SIZE - 1);
	memcpy(error.name + QFILE_ERROR_NAME_SIZE - 5, ".end", 5);
	qfile_error_text(&error, text, sizeof(text));
	ck_assert_msg(strncmp(text, "reading \"...nnn", 15) == 0, "%s", text);
	ck_assert_msg(strstr(text, "nnn.end\": ") != NULL, "%s", text);
	ck_assert_uint_lt(strlen(text), 300);
}
END_TEST

START_TEST(setting)
{
	static struct qfile_error error = {.hint = "old", .name = "old"};

	ck_assert_int_eq(error_set(&error, -ENOSPC, "syncing", "a/b"), -ENOSPC);
	ck_assert_int_eq(error.code, ENOSPC);
	ck_assert_str_eq(error.doing, "syncing");
	ck_assert_str_eq(error.name, "a/b");
	ck_assert_ptr_null(error.hint); /* that of another failure would mislead */

	ck_assert_int_eq(error_set(&error, -EIO, NULL, NULL), -EIO);
	ck_assert_int_eq(error.code, EIO);
	ck_assert_ptr_null(error.doing);
	ck_assert_str_eq(error.name, "");
}
END_TEST

START_TEST(setting_without_a_place)
{
	ck_assert_int_eq(error_set(NULL, -EIO, "reading", "a"), -EIO);
	ck_assert_int_eq(error_set_bytes(NULL, -EPERM, NULL, "a", 1), -EPERM);
}
END_TEST

/* Its end is kept, from the beginning of a character on. */
START_TEST(setting_a_long_name)
{
	static char name[QFILE_NAME_MAX + 1];
	struct qfile_error error;

	memset(name, 'n', QFILE_NAME_MAX);
	error_set(&error, -EIO, NULL, name + QFILE_NAME_MAX - (QFILE_ERROR_NAME_SIZE - 1));
	ck_assert_uint_eq(strlen(error.name), QFILE_ERROR_NAME_SIZE - 1);
	memcpy(name, "first", 5);
	memcpy(name + QFILE_NAME_MAX - 4, ".end", 4);
	error_set(&error, -EIO, NULL, name);
	ck_assert_uint_eq(strlen(error.name), QFILE_ERROR_NAME_SIZE - 1);
	ck_assert_str_eq(error.name + QFILE_ERROR_NAME_SIZE - 1 - 5, "n.end");
	ck_assert_ptr_null(strstr(error.name, "first"));
	/* Three bytes, of which two are left over. */
	memcpy(name + QFILE_NAME_MAX - QFILE_ERROR_NAME_SIZE, "\xe2\x82\xac", 3);
	error_set(&error, -EIO, NULL, name);
	ck_assert_uint_eq(strlen(error.name), QFILE_ERROR_NAME_SIZE - 1 - 2);
	ck_assert_int_eq(error.name[0], 'n');
	error_set_bytes(&error, -EIO, NULL, "abc", 2);
	ck_assert_str_eq(error.name, "ab");
	/* A short one is left as it is, whatever it begins with. */
	error_set(&error, -EIO, NULL, "\x82n");
	ck_assert_str_eq(error.name, "\x82n");
}
END_TEST

/* The header's number, and the text of the library. */
START_TEST(version_number)
{
	char text[32];

	snprintf(text, sizeof(text), "%d.%d.%d", QFILE_VERSION_NUMBER / 10000,
		 QFILE_VERSION_NUMBER / 100 % 100, QFILE_VERSION_NUMBER % 100);
	ck_assert_str_eq(text, qfile_version());
}
END_TEST

START_TEST(version_of_the_build)
{
	ck_assert_str_eq(qfile_version(), QFILE_VERSION);
}
END_TEST

Suite *error_suite(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = add_case(suite, "error");

	add_table_test(tcase, error_text, texts);
	add_table_test(tcase, error_text_cut, texts);
	tcase_add_test(tcase, error_text_with_a_long_name);
	tcase_add_test(tcase, setting);
	tcase_add_test(tcase, setting_without_a_place);
	tcase_add_test(tcase, setting_a_long_name);
	tcase_add_test(tcase, version_of_the_build);
	tcase_add_test(tcase, version_number);
	return suite;
}
