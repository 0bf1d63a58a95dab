/*
 * The handler's processes: started, waited for, ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "open/editor/handler.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct handler handler;

/* The same shell script with a function that waits until a file is there. */
static void start(const char *script)
{
	char text[1024] = "await() { until [ -e \"$1\" ]; do sleep 0.01; done; }\n";
	char *argv[] = {(char *)"sh", (char *)"-c", text, NULL};

	strcat(text, script);
	ck_assert_int_eq(handler_start(&handler, argv, environ), 0);
}

static void until_exists(const char *path)
{
	while (!exists(path))
		poll(NULL, 0, 5);
}

/* It, and all that it has left behind. */
static void until_ended(void)
{
	while (handler_attend(&handler) ||
	       waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) == 0)
		poll(NULL, 0, 5);
}

/* The process whose number the file holds. */
static pid_t process_in(const char *path)
{
	return (pid_t)atoi(content_of(path));
}

static const struct {
	const char *script;
	int status;
} statuses[] = {
	{"exit 0", 0},
	{"exit 3", 3 << 8},
	{"no-such-command 2>/dev/null", 127 << 8},
	{"kill -9 $$", 9},
	{"(while kill -0 $$ 2>&-; do sleep 0.01; done; exit 5) & exit 4", 4 << 8},
	{"(exit 5) & wait; exit 4", 4 << 8},
};

START_TEST(status)
{
	unsigned before = open_descriptors();

	scratch_enter();
	start(statuses[_i].script);
	until_ended();
	ck_assert_msg(handler.status == statuses[_i].status, "%s: %d", statuses[_i].script,
		      handler.status);
	ck_assert_int_eq(handler.ended, -1);
	handler_leave(&handler);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* Its end is news, for poll(2). */
START_TEST(end_shows)
{
	struct pollfd pollfd = {.events = POLLIN};

	scratch_enter();
	start("await go");
	pollfd.fd = handler.ended;
	ck_assert_int_ne(fcntl(handler.ended, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(poll(&pollfd, 1, 0), 0);
	make_file("go", "");
	ck_assert_int_eq(poll(&pollfd, 1, -1), 1);
	ck_assert(!handler_attend(&handler));
}
END_TEST

START_TEST(streams_and_signals)
{
	/* No shell, which would see to its signals itself. */
	char *argv[] = {(char *)"grep", (char *)"-E", (char *)"SigBlk|SigIgn",
			(char *)"/proc/self/status", NULL};
	unsigned long blocked, ignored;
	const char *said;
	sigset_t all;
	int fd;

	scratch_enter();
	MUST(fd = open("stderr", O_RDWR | O_CREAT, 0600));
	MUST(dup2(fd, STDERR_FILENO));
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	start("readlink /proc/$$/fd/0; echo out; echo err >&2");
	until_ended();
	ck_assert_int_eq(handler_start(&handler, argv, environ), 0);
	until_ended();
	said = content_of("stderr");
	ck_assert_int_eq(
		sscanf(said, "/dev/null out err SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
	ck_assert_uint_eq(blocked, 0);
	ck_assert_uint_eq(ignored & (1ul << (SIGPIPE - 1) | 1ul << (SIGXFSZ - 1)), 0);
}
END_TEST

/* It is in a session of its own: no terminal's signal reaches it, and no group's. */
START_TEST(session)
{
	scratch_enter();
	start(": >ready; await go");
	until_exists("ready");
	ck_assert_int_eq(getsid(handler.pid), handler.pid);
	make_file("go", "");
	until_ended();
}
END_TEST

/* What it leaves behind is adopted, and not waited for as the handler. */
START_TEST(what_it_leaves_behind)
{
	pid_t orphan;

	scratch_enter();
	start("(setsid sh -c 'echo $$ >orphan.new; mv orphan.new orphan; "
	      "until [ -e go ]; do sleep 0.01; done' &); await orphan; exit 0");
	while (handler_attend(&handler))
		poll(NULL, 0, 5);
	ck_assert_int_eq(handler.status, 0);
	orphan = process_in("orphan");
	ck_assert_int_eq(kill(orphan, 0), 0);
	make_file("go", "");
	until_ended();
	ck_assert_int_eq(kill(orphan, 0), -1);
}
END_TEST

/* Nobody is ended, and nobody dies or waits of what they still say. */
START_TEST(leave_it)
{
	int ended;

	scratch_enter();
	MUST(dup2(open("stderr", O_RDWR | O_CREAT, 0600), STDERR_FILENO));
	start("echo before; : >ready; await go; head -c 3000000 /dev/zero; head -c 3000000 "
	      "/dev/zero >&2; exit 7");
	until_exists("ready");
	handler_leave(&handler);
	ck_assert_str_eq(content_of("stderr"), "before\n");
	make_file("go", "");
	ck_assert_int_eq(waitpid(handler.pid, &ended, 0), handler.pid);
	ck_assert_int_eq(ended, 7 << 8);
	ck_assert_str_eq(content_of("stderr"), "before\n");
}
END_TEST

/* Where our stderr takes nothing, poll(2) waits for that, and nobody waits for us. */
START_TEST(stderr_that_takes_nothing)
{
	char bytes[4096] = {0};
	short events;
	int ends[2];

	scratch_enter();
	MUST(pipe2(ends, O_NONBLOCK));
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
	MUST(dup2(ends[1], STDERR_FILENO));
	start("echo text; : >ready");
	until_exists("ready");
	until_ended();
	ck_assert_int_eq(handler_poll(&handler, &events), STDERR_FILENO);
	ck_assert_int_eq(events, POLLOUT);
	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
	ck_assert_int_eq(handler_poll(&handler, &events), handler.said);
	ck_assert_int_eq(events, POLLIN);
	handler_attend(&handler);
	ck_assert_int_eq(read(ends[0], bytes, sizeof(bytes)), 5);
	handler_leave(&handler);
	ck_assert_int_eq(handler_poll(&handler, &events), -1);
}
END_TEST

START_TEST(what_cannot_be_started)
{
	char *argv[] = {(char *)"./missing", NULL};
	unsigned before = open_descriptors();

	scratch_enter();
	ck_assert_int_eq(handler_start(&handler, argv, environ), -ENOENT);
	ck_assert_int_eq(handler.ended, -1);
	make_file("missing", "");
	ck_assert_int_eq(handler_start(&handler, argv, environ), -EACCES);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/*
 * Each call fails once: no process and no descriptor is left. Without the pipe it goes on, and says
 * what it says to our stderr.
 */
START_TEST(failing_calls)
{
	char *argv[] = {(char *)"true", NULL};
	unsigned before = open_descriptors(), number = 0, failures = 0;
	int r;

	scratch_enter();
	do {
		faults_begin(++number, ENOMEM, false);
		r = handler_start(&handler, argv, environ);
		faults_end();
		ck_assert(r == 0 || (r == -ENOMEM && faults_failed()));
		failures += r < 0;
		if (r == 0)
			until_ended();
		handler_leave(&handler);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_uint_eq(failures, 2);
}
END_TEST

Suite *handler_suite(void)
{
	Suite *suite = suite_create("handler");
	TCase *tcase = add_case(suite, "handler");

	add_table_test(tcase, status, statuses);
	tcase_add_test(tcase, end_shows);
	tcase_add_test(tcase, streams_and_signals);
	tcase_add_test(tcase, what_it_leaves_behind);
	tcase_add_test(tcase, session);
	tcase_add_test(tcase, leave_it);
	tcase_add_test(tcase, stderr_that_takes_nothing);
	tcase_add_test(tcase, what_cannot_be_started);
	tcase_add_test(tcase, failing_calls);
	return suite;
}
