/*
 * Templates of sandboxes: all keys, their limits, and each error with its line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpc-sandbox/template.h"

#include <stdio.h>
#include <stdlib.h>

static struct template template;
static unsigned line;
static const char *why;

static int parse(const char *text)
{
	template_default(&template);
	why = NULL;
	return template_parse(text, strlen(text), &template, &line, &why);
}

START_TEST(nothing_said)
{
	ck_assert_int_eq(parse("# only this\n\n \t \r\n   # and this"), 0);
	ck_assert(!template.network && template.display);
	ck_assert_uint_eq(template.width, 1000);
	ck_assert_uint_eq(template.height, 700);
	ck_assert_uint_eq(template.memory, (uint64_t)2 << 30);
	ck_assert_uint_eq(template.space, (uint64_t)512 << 20);
	ck_assert_uint_eq(template.processes, 512);
	ck_assert_uint_eq(template.bind_count, 0);
}
END_TEST

START_TEST(all_keys)
{
	ck_assert_int_eq(parse("network=yes\n"
			       " display\t=  none \r\n"
			       "geometry=64x16384\n"
			       "memory=32M\n"
			       "space=1M\n"
			       "processes=8\n"
			       "bind=/srv/a=b #c\n"
			       "bind=/srv"),
			 0);
	ck_assert(template.network && !template.display);
	ck_assert_uint_eq(template.width, 64);
	ck_assert_uint_eq(template.height, 16384);
	ck_assert_uint_eq(template.memory, (uint64_t)32 << 20);
	ck_assert_uint_eq(template.space, (uint64_t)1 << 20);
	ck_assert_uint_eq(template.processes, 8);
	ck_assert_uint_eq(template.bind_count, 2);
	ck_assert_str_eq(template.binds[0], "/srv/a=b #c");
	ck_assert_str_eq(template.binds[1], "/srv");
}
END_TEST

START_TEST(the_last_one_counts)
{
	ck_assert_int_eq(parse("network=yes\nnetwork=no\ndisplay=none\ndisplay=nested\n"), 0);
	ck_assert(!template.network && template.display);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *why;
} wrong[] = {
	{"network=maybe", 1, "network is yes or no"},
	{"network=", 1, "network is yes or no"},
	{"network=YES", 1, "network is yes or no"},
	{"\n\ndisplay=:0", 3, "display is nested or none"},
	{"geometry=1000", 1, "geometry is"},
	{"geometry=63x700", 1, "geometry is"},
	{"geometry=1000x16385", 1, "geometry is"},
	{"geometry=1000x700x2", 1, "geometry is"},
	{"geometry=1000X700", 1, "geometry is"},
	{"geometry=-100x700", 1, "geometry is"},
	{"geometry=x", 1, "geometry is"},
	{"geometry=00000001000x0000700", 1, "geometry is"},
	{"memory=33554431", 1, "memory is"},
	{"memory=9223372036854775808", 1, "memory is"},
	{"memory=2g", 1, "memory is"},
	{"memory=", 1, "memory is"},
	{"space=1048575", 1, "space is"},
	{"space=-1", 1, "space is"},
	{"space=9223372036854775808", 1, "space is"},
	{"processes=7", 1, "processes is"},
	{"processes=100001", 1, "processes is"},
	{"processes=1K", 1, "processes is"},
	{"bind=", 1, "bind is"},
	{"bind=relative", 1, "bind is"},
	{"bind=~/x", 1, "bind is"},
	{"bind=/a/../b", 1, "bind is"},
	{"bind=/..", 1, "bind is"},
	{"bind=/a/..", 1, "bind is"},
	{"# x\nnetwork", 2, "a line is KEY=VALUE"},
	{"=yes", 1, "there is no such key"},
	{"Network=yes", 1, "there is no such key"},
	{"network yes=no", 1, "there is no such key"},
	{"\xef\xbb\xbfnetwork=no", 1, "there is no such key"},
	{"network=no\nuid=0\nnetwork=x", 2, "there is no such key"},
};

START_TEST(an_error)
{
	ck_assert_int_eq(parse(wrong[_i].text), -EINVAL);
	ck_assert_uint_eq(line, wrong[_i].line);
	ck_assert_msg(why && strncmp(why, wrong[_i].why, strlen(wrong[_i].why)) == 0, "%s", why);
}
END_TEST

static const char *const right[] = {
	"memory=9223372036854775807",
	"space=9223372036854775807",
	"processes=100000",
	"geometry=16384x64",
	"bind=/a/...",
	"bind=/a/..b/b..",
	"bind=//a/./b/",
};

START_TEST(at_its_limit)
{
	ck_assert_msg(parse(right[_i]) == 0, "%s: %s", right[_i], why);
}
END_TEST

START_TEST(a_nul)
{
	static const char text[] = "network=yes\nnetwork=no\0\n";

	template_default(&template);
	ck_assert_int_eq(template_parse(text, sizeof(text) - 1, &template, &line, &why), -EINVAL);
	ck_assert_uint_eq(line, 2);
	ck_assert_str_eq(why, "the line has a NUL");
}
END_TEST

/* A line of `length` bytes: bind= and a path. */
static int parse_long(size_t length)
{
	char text[TEMPLATE_LINE_MAX + 100];

	memset(text, 'x', sizeof(text));
	memcpy(text, "bind=/", 6);
	text[length] = '\0';
	return parse(text);
}

START_TEST(a_long_line)
{
	ck_assert_int_eq(parse_long(5 + PATH_MAX - 1), 0);
	ck_assert_uint_eq(strlen(template.binds[0]), PATH_MAX - 1);
	ck_assert_int_eq(parse_long(5 + PATH_MAX), -EINVAL);
	ck_assert_str_eq(why, "bind is an absolute path, without \"..\"");
	ck_assert_int_eq(parse_long(TEMPLATE_LINE_MAX), -EINVAL);
	ck_assert_str_eq(why, "bind is an absolute path, without \"..\"");
	ck_assert_int_eq(parse_long(TEMPLATE_LINE_MAX + 1), -EINVAL);
	ck_assert_str_eq(why, "the line is too long");
}
END_TEST

START_TEST(too_many_binds)
{
	char text[16 * (TEMPLATE_BINDS_MAX + 1)] = "";

	for (int i = 0; i < TEMPLATE_BINDS_MAX; i++)
		strcat(text, "bind=/srv\n");
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(template.bind_count, TEMPLATE_BINDS_MAX);
	strcat(text, "bind=/srv\n");
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_uint_eq(line, TEMPLATE_BINDS_MAX + 1);
	ck_assert_str_eq(why, "there are more than 32 lines with bind");
}
END_TEST

Suite *template_suite(void)
{
	Suite *suite = suite_create("template");
	TCase *tcase = add_case(suite, "template");

	tcase_add_test(tcase, nothing_said);
	tcase_add_test(tcase, all_keys);
	tcase_add_test(tcase, the_last_one_counts);
	add_table_test(tcase, an_error, wrong);
	add_table_test(tcase, at_its_limit, right);
	tcase_add_test(tcase, a_nul);
	tcase_add_test(tcase, a_long_line);
	tcase_add_test(tcase, too_many_binds);
	return suite;
}
