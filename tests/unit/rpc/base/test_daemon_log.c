/*
 * A daemon's log: stderr at first, then the system log, at a socket in a /dev of the test's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int log_socket = -1;

static void begin(void)
{
	int log;

	scratch_enter();
	unsetenv("JOURNAL_STREAM");
	MUST(log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600));
	MUST(dup2(log, STDERR_FILENO));
	ck_assert(mount_own("/dev", 0, NULL));
}

static void listen_there(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	MUST(log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	MUST(bind(log_socket, (const struct sockaddr *)&address, sizeof(address)));
}

START_TEST(lines_go_to_the_system_log_once_it_is_told_so)
{
	char line[2048] = "", expected[256];

	listen_there();
	log_line(LOG_WARNING, "number %d", 1);
	snprintf(expected, sizeof(expected), "%s: number 1\n", program_invocation_short_name);
	ck_assert_str_eq(content_of("log"), expected);
	log_to_system();
	log_line(LOG_WARNING, "number %d", 2);
	ck_assert_int_gt(recv(log_socket, line, sizeof(line) - 1, 0), 0);
	snprintf(expected, sizeof(expected), "<%d>", LOG_DAEMON | LOG_WARNING);
	ck_assert_int_eq(strncmp(line, expected, strlen(expected)), 0);
	snprintf(expected, sizeof(expected), " %s[%ld]: number 2", program_invocation_short_name,
		 (long)getpid());
	ck_assert_msg(strstr(line, expected) != NULL, "%s", line);
	ck_assert_ptr_null(strstr(content_of("log"), "number 2"));
	ck_assert_ptr_null(strstr(content_of("log"), "no system log"));
}
END_TEST

START_TEST(where_there_is_no_system_log_that_is_the_last_line)
{
	log_to_system();
	ck_assert_ptr_nonnull(strstr(content_of("log"), "there is no system log here"));
	log_line(LOG_INFO, "nobody hears this");
	ck_assert_ptr_null(strstr(content_of("log"), "nobody hears this"));
}
END_TEST

START_TEST(a_log_that_takes_nothing_is_not_waited_for)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int filler;

	listen_there();
	log_to_system();
	MUST(filler = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	MUST(connect(filler, (const struct sockaddr *)&address, sizeof(address)));
	while (send(filler, "x", 1, 0) == 1)
		;
	log_line(LOG_INFO, "there is no room for this");
	ck_assert_str_eq(content_of("log"), "");
}
END_TEST

Suite *daemon_log_suite(void)
{
	Suite *suite = suite_create("daemon_log");
	TCase *tcase = add_case_if(suite, "log", can_mount(0), "this user cannot mount");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, lines_go_to_the_system_log_once_it_is_told_so);
	tcase_add_test(tcase, where_there_is_no_system_log_that_is_the_last_line);
	tcase_add_test(tcase, a_log_that_takes_nothing_is_not_waited_for);
	return suite;
}
