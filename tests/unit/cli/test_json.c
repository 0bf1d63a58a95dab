/*
 * Text and names in JSON.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/json.h"
#include "unit.h"

#include <stdlib.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *label, *name;
	size_t length;
	const char *json;
} names[] = {
	{"plain", BYTES("a"), "\"n_shown\":\"a\",\"n\":\"a\""},
	{"none", BYTES(""), "\"n_shown\":\"\",\"n\":\"\""},
	{"quotes", BYTES("a\"b\\c"),
	 "\"n_shown\":\"a\\u0022b\\u005cc\",\"n\":\"a\\u0022b\\u005cc\""},
	{"controls", BYTES("\001\n\033\177"),
	 "\"n_shown\":\"????\",\"n\":\"\\u0001\\u000a\\u001b\\u007f\""},
	{"UTF-8", BYTES("Ü中😀"), "\"n_shown\":\"Ü中😀\",\"n\":\"Ü中😀\""},
	{"not safe to show", BYTES("a\342\200\256b"),
	 "\"n_shown\":\"a?b\",\"n\":\"a\342\200\256b\""},
	{"not UTF-8", BYTES("a\377\300\257b"),
	 "\"n_shown\":\"a???b\",\"n\":\"a\\ufffd\\ufffd\\ufffdb\",\"n_hex\":\"61ffc0af62\""},
	{"surrogate", BYTES("\355\240\200"),
	 "\"n_shown\":\"???\",\"n\":\"\\ufffd\\ufffd\\ufffd\",\"n_hex\":\"eda080\""},
	{"cut short", BYTES("a\342\202"),
	 "\"n_shown\":\"a??\",\"n\":\"a\\ufffd\\ufffd\",\"n_hex\":\"61e282\""},
	{"a NUL", BYTES("a\0b"), "\"n_shown\":\"a?b\",\"n\":\"a\\u0000b\""},
};

START_TEST(name)
{
	char text[1024];
	size_t n = json_name("n", names[_i].name, names[_i].length, text, sizeof(text));

	ck_assert_msg(strcmp(text, names[_i].json) == 0, "%s: %s", names[_i].label, text);
	ck_assert_uint_eq(n, strlen(text));
}
END_TEST

/* The longest names of the worst bytes, in rooms of all sizes: whole members, and no byte more. */
START_TEST(long_names)
{
	static const unsigned char fillers[] = {'a', '\001', 0xff};
	static char long_name[QFILE_NAME_MAX];

	for (size_t i = 0; i < COUNT(fillers); i++) {
		memset(long_name, fillers[i], sizeof(long_name));
		for (size_t size = 1024; size < 100000; size = size * 5 / 4) {
			char *text = malloc(size + 1);
			size_t n;

			ck_assert_ptr_nonnull(text);
			text[size] = 'X';
			n = json_name("name", long_name, sizeof(long_name), text, size);
			ck_assert_uint_eq(n, strlen(text));
			ck_assert_msg(n < size && text[size] == 'X' && text[n - 1] == '"',
				      "%#x, %zu bytes: %zu", fillers[i], size, n);
			free(text);
		}
	}
}
END_TEST

START_TEST(a_whole_name_has_room)
{
	static char text[JSON_NAME_SIZE(QFILE_NAME_MAX)], long_name[QFILE_NAME_MAX];
	const char *hex;

	memset(long_name, 0xff, sizeof(long_name));
	json_name("name", long_name, sizeof(long_name), text, sizeof(text));
	hex = strstr(text, "\"name_hex\":\"");
	ck_assert_ptr_nonnull(hex);
	ck_assert_uint_eq(strlen(hex), strlen("\"name_hex\":\"") + 2 * sizeof(long_name) + 1);
	memset(long_name, '\001', sizeof(long_name));
	json_name("name", long_name, sizeof(long_name), text, sizeof(text));
	ck_assert_uint_eq(strlen(strstr(text, "\"name\":\"")),
			  strlen("\"name\":\"") + 6 * sizeof(long_name) + 1);
}
END_TEST

Suite *json_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = add_case(suite, "json");

	add_table_test(tcase, name, names);
	tcase_add_test(tcase, long_names);
	tcase_add_test(tcase, a_whole_name_has_room);
	return suite;
}
