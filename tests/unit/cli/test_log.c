/*
 * The log, at a socket of the test's own in a /dev of the test's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/log.h"
#include "unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int log_socket = -1;

static void listen_to(int type)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	MUST(log_socket = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	MUST(bind(log_socket, (const struct sockaddr *)&address, sizeof(address)));
	if (type == SOCK_STREAM)
		MUST(listen(log_socket, 10));
}

static void begin(void)
{
	ck_assert(mount_own("/dev", 0, NULL));
}

/* The next line, in a static buffer; NULL: there is none. */
static const char *next_line(void)
{
	static char line[2048];
	ssize_t n = recv(log_socket, line, sizeof(line) - 1, 0);

	if (n < 0)
		return NULL;
	line[n] = '\0';
	return line;
}

/* The next line without what stands in front of the text. */
static const char *next_text(void)
{
	const char *line = next_line(), *colon;

	if (!line)
		return "no line";
	colon = strstr(line, "uid ");
	ck_assert_msg(colon != NULL, "%s", line);
	return strchr(colon, ':') + 2;
}

START_TEST(a_line_has_its_origin)
{
	char expected[256];
	const char *line;

	listen_to(SOCK_DGRAM);
	ck_assert(log_alarm("work", "verifying \"x\": Operation not permitted"));
	line = next_line();
	ck_assert_ptr_nonnull(line);
	snprintf(expected, sizeof(expected), "<%d>", LOG_AUTHPRIV | LOG_WARNING);
	ck_assert_int_eq(strncmp(line, expected, strlen(expected)), 0);
	snprintf(expected, sizeof(expected),
		 " %s[%ld]: from work, for uid %lu: verifying \"x\": Operation not permitted",
		 program_invocation_short_name, (long)getpid(), (unsigned long)geteuid());
	ck_assert_msg(strstr(line, expected) != NULL, "%s", line);
	ck_assert_ptr_null(next_line());
}
END_TEST

START_TEST(control_characters_are_replaced)
{
	listen_to(SOCK_DGRAM);
	ck_assert(log_alarm("wo\nrk", "\033[2Ja\r\nb\tc\n\n\xff"));
	ck_assert_str_eq(next_text(), "?[2Ja?");
	ck_assert_str_eq(next_text(), "b?c");
	ck_assert_str_eq(next_text(), "?");
	ck_assert_ptr_null(next_line());
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char text[5000];

	listen_to(SOCK_DGRAM);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(log_alarm(text, text));
	ck_assert_uint_lt(strlen(next_line()), 1024);
	ck_assert_ptr_null(next_line());
}
END_TEST

START_TEST(so_many_lines_and_no_more)
{
	listen_to(SOCK_DGRAM);
	ck_assert(log_alarm("work", "first"));
	ck_assert(log_alarm("work", "1\n2\n3\n4\n5\n6\n7\n8\n9"));
	ck_assert(!log_alarm("work", "late"));
	ck_assert_str_eq(next_text(), "first");
	for (int i = 1; i <= LOG_LINES_MAX - 2; i++)
		ck_assert_int_eq(next_text()[0], '0' + i);
	ck_assert_str_eq(next_text(), "more was said, and is left out");
	ck_assert_ptr_null(next_line());
}
END_TEST

START_TEST(no_log_is_told)
{
	ck_assert(!log_alarm("work", "nobody hears this"));
}
END_TEST

START_TEST(a_full_log_is_not_waited_for)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int filler;

	listen_to(SOCK_DGRAM);
	MUST(filler = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	MUST(connect(filler, (const struct sockaddr *)&address, sizeof(address)));
	while (send(filler, "x", 1, 0) == 1)
		;
	ck_assert(!log_alarm("work", "there is no room for this"));
}
END_TEST

START_TEST(a_log_that_is_a_stream)
{
	char line[1024];
	ssize_t n;
	int fd;

	listen_to(SOCK_STREAM);
	ck_assert(log_alarm(NULL, "hello"));
	MUST(fd = accept(log_socket, NULL, NULL));
	n = read(fd, line, sizeof(line));
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(line[n - 1], '\0');
	ck_assert_ptr_nonnull(strstr(line, "from ?"));
	ck_assert_ptr_nonnull(strstr(line, ": hello"));
}
END_TEST

Suite *log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = add_case_if(suite, "log", can_mount(0), "this user cannot mount");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, a_line_has_its_origin);
	tcase_add_test(tcase, control_characters_are_replaced);
	tcase_add_test(tcase, a_long_line_is_cut);
	tcase_add_test(tcase, so_many_lines_and_no_more);
	tcase_add_test(tcase, no_log_is_told);
	tcase_add_test(tcase, a_full_log_is_not_waited_for);
	tcase_add_test(tcase, a_log_that_is_a_stream);
	return suite;
}
