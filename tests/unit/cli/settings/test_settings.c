/*
 * The settings of a machine: all keys, their limits, and each error with its line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "cli/settings/settings.h"

#include <limits.h>

static struct settings settings;
static unsigned line;
static const char *why;

static int parse(const char *text)
{
	settings_default(&settings);
	why = NULL;
	return settings_parse(text, strlen(text), &settings, &line, &why);
}

START_TEST(nothing_said)
{
	ck_assert_int_eq(parse("# only this\n\n \t \r\n   # incoming=x"), 0);
	ck_assert_str_eq(settings.incoming, "PedOSIncoming");
	ck_assert_str_eq(settings.copy_service, "PedOS.Filecopy");
	ck_assert_str_eq(settings.open_service, "PedOS.OpenInVM");
	ck_assert_uint_eq(settings.unpacker.max_bytes, UINT64_MAX);
	ck_assert_uint_eq(settings.unpacker.max_files, UINT64_MAX);
	ck_assert_uint_eq(settings.unpacker.wait_for_space, 0);
	ck_assert_uint_eq(settings.unpacker.timeout, 600);
	ck_assert(!settings.unpacker.rename && !settings.unpacker.all_names &&
		  !settings.unpacker.unsafe_links);
	ck_assert_uint_eq(settings.opener_max_bytes, UINT64_MAX);
	ck_assert_uint_eq(settings.editor_max_bytes, UINT64_MAX);
}
END_TEST

START_TEST(all_keys)
{
	ck_assert_int_eq(parse("incoming=QubesIncoming\n"
			       " copy-service\t=  qubes.Filecopy \r\n"
			       "open-service=qubes.OpenInVM\n"
			       "qfile-unpacker.max-bytes=20G\n"
			       "qfile-unpacker.max-files=1000\n"
			       "qfile-unpacker.wait-for-space=3\n"
			       "qfile-unpacker.timeout=0\n"
			       "qfile-unpacker.on-conflict=rename\n"
			       "qfile-unpacker.allow-all-names=yes\n"
			       "qfile-unpacker.allow-unsafe-symlinks=yes\n"
			       "qopen-in-vm.max-bytes=7\n"
			       "vm-file-editor.max-bytes=8K"),
			 0);
	ck_assert_str_eq(settings.incoming, "QubesIncoming");
	ck_assert_str_eq(settings.copy_service, "qubes.Filecopy");
	ck_assert_str_eq(settings.open_service, "qubes.OpenInVM");
	ck_assert_uint_eq(settings.unpacker.max_bytes, (uint64_t)20 << 30);
	ck_assert_uint_eq(settings.unpacker.max_files, 1000);
	ck_assert_uint_eq(settings.unpacker.wait_for_space, 3 << 20);
	ck_assert_uint_eq(settings.unpacker.timeout, 0);
	ck_assert(settings.unpacker.rename && settings.unpacker.all_names &&
		  settings.unpacker.unsafe_links);
	ck_assert_uint_eq(settings.opener_max_bytes, 7);
	ck_assert_uint_eq(settings.editor_max_bytes, 8192);
}
END_TEST

START_TEST(the_last_one_counts)
{
	ck_assert_int_eq(parse("incoming=longer-than-that\nincoming=x\n"
			       "qfile-unpacker.on-conflict=rename\n"
			       "qfile-unpacker.on-conflict=fail\n"),
			 0);
	ck_assert_str_eq(settings.incoming, "x");
	ck_assert(!settings.unpacker.rename);
}
END_TEST

#define SIXTY_FOUR "a123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *text;
	unsigned line;
	const char *why;
} wrong[] = {
	{"incoming=", 1, "incoming is"},
	{"incoming=.hidden", 1, "incoming is"},
	{"incoming=..", 1, "incoming is"},
	{"incoming=/tmp", 1, "incoming is"},
	{"incoming=a/b", 1, "incoming is"},
	{"incoming=a b", 1, "incoming is"},
	{"incoming=\"a\"", 1, "incoming is"},
	{"incoming=a\x1b[m", 1, "incoming is"},
	{"incoming=\xc3\xa4", 1, "incoming is"},
	{"incoming=" SIXTY_FOUR, 1, "incoming is"},
	{"\n#\ncopy-service=a+rename", 3, "copy-service is"},
	{"copy-service=--list", 1, "copy-service is"},
	{"open-service=$(id)", 1, "open-service is"},
	{"open-service=" SIXTY_FOUR, 1, "open-service is"},
	{"qfile-unpacker.max-bytes=", 1, "qfile-unpacker.max-bytes is"},
	{"qfile-unpacker.max-bytes=-1", 1, "qfile-unpacker.max-bytes is"},
	{"qfile-unpacker.max-bytes=18446744073709551616", 1, "qfile-unpacker.max-bytes is"},
	{"qfile-unpacker.max-files=1K", 1, "qfile-unpacker.max-files is"},
	{"qfile-unpacker.wait-for-space=17592186044416", 1, "qfile-unpacker.wait-for-space is"},
	{"qfile-unpacker.timeout=4294967296", 1, "qfile-unpacker.timeout is"},
	{"qfile-unpacker.timeout=1m", 1, "qfile-unpacker.timeout is"},
	{"qfile-unpacker.on-conflict=replace", 1, "qfile-unpacker.on-conflict is"},
	{"qfile-unpacker.allow-all-names=true", 1, "qfile-unpacker.allow-all-names is"},
	{"qfile-unpacker.allow-unsafe-symlinks=", 1, "qfile-unpacker.allow-unsafe-symlinks is"},
	{"qopen-in-vm.max-bytes=much", 1, "qopen-in-vm.max-bytes is"},
	{"vm-file-editor.max-bytes=1 K", 1, "vm-file-editor.max-bytes is"},
	{"# x\nincoming", 2, "a line is KEY=VALUE"},
	{"export incoming=x", 1, "there is no such key"},
	{"INCOMING=x", 1, "there is no such key"},
	{"max-bytes=1", 1, "there is no such key"},
	{"vm-file-editor.handler=sh", 1, "there is no such key"},
};

START_TEST(an_error)
{
	ck_assert_int_eq(parse(wrong[_i].text), -EINVAL);
	ck_assert_uint_eq(line, wrong[_i].line);
	ck_assert_msg(why && strncmp(why, wrong[_i].why, strlen(wrong[_i].why)) == 0, "%s", why);
}
END_TEST

START_TEST(at_its_limit)
{
	ck_assert_int_eq(parse("qfile-unpacker.max-bytes=18446744073709551615\n"
			       "qfile-unpacker.wait-for-space=17592186044415\n"
			       "qfile-unpacker.timeout=4294967295\n"
			       "incoming=" SIXTY_FOUR),
			 -EINVAL);
	ck_assert_uint_eq(line, 4);
	ck_assert_int_eq(parse("incoming=a" /* one less */ "\nopen-service=z"), 0);
	ck_assert_int_eq(settings_parse("incoming=" SIXTY_FOUR, 9 + 63, &settings, &line, &why), 0);
	ck_assert_uint_eq(strlen(settings.incoming), 63);
	ck_assert_str_eq(settings.open_service, "z");
}
END_TEST

START_TEST(a_nul)
{
	static const char text[] = "incoming=a\nincoming=b\0c\n";

	settings_default(&settings);
	ck_assert_int_eq(settings_parse(text, sizeof(text) - 1, &settings, &line, &why), -EINVAL);
	ck_assert_uint_eq(line, 2);
	ck_assert_str_eq(why, "the line has a NUL");
}
END_TEST

START_TEST(a_long_line)
{
	char text[SETTINGS_LINE_MAX + 2];

	memset(text, '#', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_str_eq(why, "the line is too long");
	ck_assert_int_eq(parse(text + 1), 0);
}
END_TEST

Suite *settings_suite(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = add_case(suite, "settings");

	tcase_add_test(tcase, nothing_said);
	tcase_add_test(tcase, all_keys);
	tcase_add_test(tcase, the_last_one_counts);
	add_table_test(tcase, an_error, wrong);
	tcase_add_test(tcase, at_its_limit);
	tcase_add_test(tcase, a_nul);
	tcase_add_test(tcase, a_long_line);
	return suite;
}
