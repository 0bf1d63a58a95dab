/*
 * What the confined child writes to stderr: bounded, printable, one line, and never waited for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "receive/child/said.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static const struct {
	const char *written, *text;
} lines[] = {
	{"", ""},
	{"\n\n", ""},
	{"free(): invalid pointer\n", "free(): invalid pointer"},
	{"one\ntwo\n", "one two"},
	{"\033[2Jpassword:\r\302\233", "?[2Jpassword:???"},
};

START_TEST(one_line)
{
	struct said said;
	char text[QFILE_SAID_SIZE];
	int fd = said_open(&said);

	MUST(fd);
	MUST(write(fd, lines[_i].written, strlen(lines[_i].written)));
	said_close(&said, text); /* though somebody has the other end still */
	ck_assert_str_eq(text, lines[_i].text);
	ck_assert_int_eq(said.fd, -1);
	close(fd);
}
END_TEST

START_TEST(bounded)
{
	struct said said;
	char much[2 * QFILE_SAID_SIZE], text[QFILE_SAID_SIZE];
	int fd = said_open(&said);

	MUST(fd);
	MUST(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
	memset(much, 'x', sizeof(much));
	MUST(write(fd, much, sizeof(much)));
	said_listen(&said);
	/* The child hears that nobody listens: it cannot keep the monitor busy. */
	ck_assert_int_eq(said.fd, -1);
	ck_assert_int_eq((int)write(fd, "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	said_close(&said, text);
	ck_assert_uint_eq(strlen(text), QFILE_SAID_SIZE - 1);
	close(fd);
}
END_TEST

START_TEST(child_closes_it)
{
	struct said said;
	int fd = said_open(&said);

	MUST(fd);
	said_listen(&said);
	ck_assert_int_ge(said.fd, 0);
	close(fd);
	said_listen(&said);
	ck_assert_int_eq(said.fd, -1);
}
END_TEST

Suite *said_suite(void)
{
	Suite *suite = suite_create("said");
	TCase *tcase = add_case(suite, "said");

	add_table_test(tcase, one_line, lines);
	tcase_add_test(tcase, bounded);
	tcase_add_test(tcase, child_closes_it);
	return suite;
}
