/*
 * How far a transfer is, as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/progress.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define SENT "sending", false
#define DONE "confirming", true

static const struct {
	const char *label;
	struct progress progress;
	size_t columns;
	const char *line;
} lines[] = {
	{"half way",
	 {{10 * MIB, 2}, {5 * MIB, 1}, 2, "a", SENT},
	 80,
	 " 50% 5.0 MiB of 10.0 MiB, 2.5 MiB/s, 0:02 left  a"},
	{"nothing yet", {{10 * MIB, 2}, {0, 0}, 0, NULL, SENT}, 80, "  0% 0 B of 10.0 MiB"},
	{"too early for a rate",
	 {{1000, 1}, {500, 1}, 0.25, "a", SENT},
	 80,
	 " 50% 500 B of 1.0 KiB  a"},
	{"done",
	 {{2 * GIB, 1}, {2 * GIB, 1}, 4, NULL, DONE},
	 80,
	 "100% 2.0 GiB of 2.0 GiB, 512 MiB/s, 0:00 left"},
	{"all sent is not done",
	 {{2 * GIB, 1}, {2 * GIB, 1}, 4, NULL, SENT},
	 80,
	 " 99% 2.0 GiB of 2.0 GiB, 512 MiB/s, 0:00 left"},
	{"nearly done is not done",
	 {{1000000, 1}, {999999, 1}, 0, NULL, DONE},
	 80,
	 " 99% 977 KiB of 977 KiB"},
	{"more than there was: no total",
	 {{1000, 1}, {5000, 1}, 1, NULL, SENT},
	 80,
	 "4.9 KiB, 4.9 KiB/s"},
	{"more entries than there were", {{1000, 1}, {500, 2}, 0, NULL, SENT}, 80, "500 B"},
	{"empty files", {{0, 200}, {0, 50}, 1, "a", SENT}, 80, " 25% 50 of 200 entries  a"},
	{"empty files, all sent",
	 {{0, 200}, {0, 200}, 1, NULL, SENT},
	 80,
	 " 99% 200 of 200 entries"},
	{"empty files, done", {{0, 200}, {0, 200}, 1, NULL, DONE}, 80, "100% 200 of 200 entries"},
	{"total unknown", {{0, 0}, {3 * MIB, 9}, 3, "x", SENT}, 80, "3.0 MiB, 1.0 MiB/s  x"},
	{"minutes",
	 {{1 * GIB, 1}, {1 * MIB, 1}, 1, NULL, SENT},
	 80,
	 "  0% 1.0 MiB of 1.0 GiB, 1.0 MiB/s, 17:03 left"},
	{"nobody waits so long",
	 {{UINT64_MAX, 1}, {1, 1}, 1, NULL, SENT},
	 80,
	 "  0% 1 B of 16.0 EiB, 1 B/s"},
	{"as large as can be",
	 {{UINT64_MAX, 1}, {UINT64_MAX, 1}, 1e-3, NULL, DONE},
	 80,
	 "100% 16.0 EiB of 16.0 EiB"},
	{"stalled", {{1000, 1}, {0, 0}, 10, NULL, SENT}, 80, "  0% 0 B of 1.0 KiB"},
	{"empty name", {{0, 0}, {1, 1}, 0, "", SENT}, 80, "1 B"},
	{"hostile name", {{0, 0}, {1, 1}, 0, "a\033[2J\nb", SENT}, 80, "1 B  a?[2J?b"},
	{"name cut at the front",
	 {{0, 0}, {1, 1}, 0, "directory/name.txt", SENT},
	 15,
	 "1 B  ...ame.txt"},
	{"name just fits", {{0, 0}, {1, 1}, 0, "0123456789", SENT}, 15, "1 B  0123456789"},
	{"room for numbers alone", {{0, 0}, {1, 1}, 0, "0123456789", SENT}, 8, "1 B"},
	{"no room for the numbers", {{10 * MIB, 2}, {5 * MIB, 1}, 2, "a", SENT}, 10, " 50% 5.0 M"},
	{"no room at all", {{10 * MIB, 2}, {5 * MIB, 1}, 2, "a", SENT}, 0, ""},
};

START_TEST(line)
{
	char text[256];
	size_t n = progress_line(&lines[_i].progress, lines[_i].columns, true, text, sizeof(text));

	ck_assert_msg(strcmp(text, lines[_i].line) == 0, "%s: \"%s\"", lines[_i].label, text);
	ck_assert_msg(n == strlen(text), "%s: %zu bytes", lines[_i].label, n);
}
END_TEST

/* Columns of what progress_line() made, as qfile_displayable() counts them. */
static size_t columns_of(const char *text)
{
	char again[1024];

	return qfile_displayable(text, strlen(text), again, sizeof(again), 10000);
}

START_TEST(line_in_any_room)
{
	static const struct progress progress = {{10 * GIB, 100},
						 {3 * GIB, 20},
						 12.5,
						 "dir/中文/e\u0301😀/\377\033[m/"
						 "Ünïcode-ending.tar.gz",
						 SENT};

	for (size_t columns = 0; columns < 120; columns++) {
		for (size_t size = 1; size < 130; size++) {
			char text[160];
			size_t n;

			memset(text, 'X', sizeof(text));
			n = progress_line(&progress, columns, true, text, size);
			check_often(n == strlen(text) && n < size && text[size] == 'X',
				    "%zu columns, %zu bytes: %zu bytes", columns, size, n);
			check_often(columns_of(text) <= columns, "%zu columns, %zu bytes: \"%s\"",
				    columns, size, text);
			check_often(n == 0 || qfile_name_check(text, n, 0) != -EILSEQ,
				    "%zu columns, %zu bytes: not clean: \"%s\"", columns, size,
				    text);

			memset(text, 'X', sizeof(text));
			n = progress_line(&progress, columns, false, text, size);
			check_often(n == strlen(text) && n < size && n <= columns &&
					    text[size] == 'X',
				    "ASCII, %zu columns, %zu bytes: %zu", columns, size, n);
			for (size_t i = 0; i < n; i++)
				check_often(text[i] >= ' ' && text[i] <= '~',
					    "ASCII, %zu columns, %zu bytes: \"%s\"", columns, size,
					    text);
		}
	}
}
END_TEST

START_TEST(line_without_utf8)
{
	struct progress progress = {.done = {1, 1}, .name = "ä/\u202e.txt"};
	char text[64];

	progress_line(&progress, 80, false, text, sizeof(text));
	ck_assert_str_eq(text, "1 B  ?"
			       "?/?"
			       "?"
			       "?.txt");
	progress.name = "directory/name.txt";
	progress_line(&progress, 15, false, text, sizeof(text));
	ck_assert_str_eq(text, "1 B  ...ame.txt");
}
END_TEST

static const struct {
	const char *label;
	struct qfile_size total, done;
	const char *line;
} entries[] = {
	{"empty files", {0, 50000}, {0, 20000}, " 40% 20000 of 50000 entries"},
	{"all of them", {0, 3}, {0, 3}, "100% 3 of 3 entries"},
	{"nearly all are empty", {1000, 4000}, {1000, 1000}, " 25% 1000 of 4000 entries, 1.0 KiB"},
	{"large enough", {4096, 4}, {1024, 3}, " 25% 1.0 KiB of 4.0 KiB"},
	{"a single one", {10, 1}, {5, 1}, " 50% 5 B of 10 B"},
	{"a single one, empty", {0, 1}, {0, 1}, "100% 0 B"},
	{"more than were counted", {0, 3}, {0, 4}, "0 B"},
	{"not counted", {0, 0}, {0, 4}, "0 B"},
};

START_TEST(entries_where_bytes_say_nothing)
{
	struct progress progress = {entries[_i].total, entries[_i].done, 0, NULL, DONE};
	char text[128];

	progress_line(&progress, 80, true, text, sizeof(text));
	ck_assert_msg(strcmp(text, entries[_i].line) == 0, "%s: \"%s\"", entries[_i].label, text);
}
END_TEST

START_TEST(percent_stays_within_bounds)
{
	static const uint64_t amounts[] = {0,
					   1,
					   2,
					   99,
					   100,
					   101,
					   1000,
					   1ull << 32,
					   (1ull << 53) + 1,
					   INT64_MAX,
					   UINT64_MAX - 1,
					   UINT64_MAX};

	for (size_t i = 1; i < COUNT(amounts); i++) {
		for (size_t j = 0; j < COUNT(amounts); j++) {
			struct progress progress = {{amounts[i], 1}, {amounts[j], 1}, 1, NULL,
						    "sending",       j % 2 == 1};
			char text[128];
			unsigned long percent;

			progress_line(&progress, 100, true, text, sizeof(text));
			/* What is exceeded is no total. */
			ck_assert_msg((text[3] == '%') == (amounts[j] <= amounts[i]), "%s", text);
			if (text[3] != '%')
				continue;
			percent = strtoul(text, NULL, 10);
			ck_assert_msg(percent <= (progress.confirmed ? 100 : 99), "%s", text);
			ck_assert_msg(amounts[j] < amounts[i] || percent >= 99, "%s", text);
			ck_assert_msg(amounts[j] >= amounts[i] / 2 || percent <= 50, "%s", text);
		}
	}
}
END_TEST

static const struct {
	const char *label;
	struct progress progress;
	const char *json;
} objects[] = {
	{"all of it",
	 {{1000, 5}, {10, 2}, 1.5, "a", SENT},
	 "{\"phase\":\"sending\",\"bytes\":10,\"entries\":2,\"total_bytes\":1000,\"total_entries\":"
	 "5,\"seconds\":1.500,\"name_shown\":\"a\",\"name\":\"a\"}"},
	{"bytes alone are known",
	 {{1000, 0}, {10, 2}, 1.5, "a", SENT},
	 "{\"phase\":\"sending\",\"bytes\":10,\"entries\":2,\"total_bytes\":1000,\"seconds\":1.500,"
	 "\"name_shown\":\"a\",\"name\":\"a\"}"},
	{"empty files",
	 {{0, 5}, {0, 2}, 0, "a", SENT},
	 "{\"phase\":\"sending\",\"bytes\":0,\"entries\":2,\"total_bytes\":0,\"total_entries\":5,"
	 "\"seconds\":0.000,\"name_shown\":\"a\",\"name\":\"a\"}"},
	{"no name",
	 {{0, 0}, {0, 0}, 0, NULL, SENT},
	 "{\"phase\":\"sending\",\"bytes\":0,\"entries\":0,\"seconds\":0.000,\"name_shown\":\"\","
	 "\"name\":\"\"}"},
	{"largest numbers",
	 {{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}, 0, "", SENT},
	 "{\"phase\":\"sending\",\"bytes\":18446744073709551615,\"entries\":18446744073709551615,"
	 "\"total_bytes\":18446744073709551615,\"total_entries\":18446744073709551615,\"seconds\":"
	 "0.000,\"name_shown\":\"\",\"name\":\"\"}"},
};

START_TEST(json)
{
	char text[512];
	size_t n = progress_json(&objects[_i].progress, text, sizeof(text));

	ck_assert_msg(strcmp(text, objects[_i].json) == 0, "%s: %s", objects[_i].label, text);
	ck_assert_msg(n == strlen(text), "%s: %zu bytes", objects[_i].label, n);
}
END_TEST

/* The longest name of the worst bytes: the object may lose the name's end, but never its own. */
START_TEST(json_with_a_long_name)
{
	static const unsigned char fillers[] = {'a', '\001', 0xff};
	static char name[QFILE_NAME_MAX], text[8192];
	struct progress progress = {.name = name, .phase = "sending"};

	for (size_t i = 0; i < COUNT(fillers); i++) {
		size_t n;

		memset(name, fillers[i], sizeof(name) - 1);
		n = progress_json(&progress, text, sizeof(text));
		ck_assert_uint_eq(n, strlen(text));
		ck_assert_msg(n > 2 && strcmp(text + n - 2, "\"}") == 0, "%#x: ends in %s",
			      fillers[i], text + n - 10);
		ck_assert_msg(strchr(text, '\n') == NULL, "%#x: more than a line", fillers[i]);
	}
}
END_TEST

START_TEST(json_in_any_room)
{
	static const struct progress progress = {{1000, 5}, {10, 2}, 1.5, "a\"中\377", SENT};

	for (size_t size = 1; size < 120; size++) {
		char text[128];
		size_t n;

		memset(text, 'X', sizeof(text));
		n = progress_json(&progress, text, size);
		ck_assert_msg(n == strlen(text) && n < size && text[size] == 'X', "%zu bytes: %zu",
			      size, n);
	}
}
END_TEST

Suite *progress_suite(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = add_case(suite, "line"), *json_case = add_case(suite, "json");

	add_table_test(tcase, line, lines);
	tcase_add_test(tcase, line_in_any_room);
	tcase_add_test(tcase, line_without_utf8);
	tcase_add_test(tcase, percent_stays_within_bounds);
	add_table_test(tcase, entries_where_bytes_say_nothing, entries);
	add_table_test(json_case, json, objects);
	tcase_add_test(json_case, json_with_a_long_name);
	tcase_add_test(json_case, json_in_any_room);
	return suite;
}
