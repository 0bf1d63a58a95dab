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

/* Milliseconds in which everything has ended that ever will. */
#define PATIENT (1000 * HANGS)

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

static void until_ended(void)
{
	while (handler_lives(&handler))
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
	ck_assert_uint_eq(open_descriptors(), before);
	handler_end(&handler, 0);
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
	ck_assert(!handler_lives(&handler));
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

/* Children that it leaves behind, in sessions of their own too, are waited for. */
START_TEST(what_it_leaves_behind)
{
	scratch_enter();
	start("(setsid sh -c 'await() { until [ -e \"$1\" ]; do sleep 0.01; done; }; await go' &) "
	      "; exit 0");
	while (handler.ended >= 0) {
		ck_assert(handler_lives(&handler));
		poll(NULL, 0, 5);
	}
	ck_assert_int_eq(handler.status, 0);
	for (int i = 0; i < 20; i++) {
		ck_assert(handler_lives(&handler));
		poll(NULL, 0, 5);
	}
	make_file("go", "");
	until_ended();
}
END_TEST

/* All of them: children, orphans, and those in other sessions; and nobody else. */
START_TEST(end_all_of_it)
{
	pid_t child, orphan, stranger;

	scratch_enter();
	/* Of another family: its parent has ended before there was a handler. */
	if (fork() == 0) {
		if (fork() == 0)
			execlp("sh", "sh", "-c",
			       "echo $$ >stranger.new; mv stranger.new stranger; exec sleep 1000",
			       NULL);
		_exit(0);
	}
	wait(NULL);
	until_exists("stranger");
	stranger = process_in("stranger");
	start("sleep 1000 & echo $! >child; (setsid sh -c 'echo $$ >orphan.new; mv orphan.new "
	      "orphan; exec sleep 1000' &); await orphan; : >ready; wait");
	until_exists("ready");
	child = process_in("child");
	orphan = process_in("orphan");
	ck_assert(child > 1 && orphan > 1 && kill(child, 0) == 0 && kill(orphan, 0) == 0);
	handler_end(&handler, PATIENT);
	ck_assert(!handler_lives(&handler));
	ck_assert_int_eq(handler.status, SIGTERM);
	ck_assert(kill(child, 0) < 0 && kill(orphan, 0) < 0);
	ck_assert_int_eq(kill(stranger, SIGKILL), 0);
}
END_TEST

/* What does not want to end is not waited for longer than said. */
START_TEST(end_without_its_consent)
{
	scratch_enter();
	start("trap '' TERM; : >ready; exec sleep 1000");
	until_exists("ready");
	handler_end(&handler, 50);
	ck_assert(handler_lives(&handler));
	ck_assert_int_eq(handler.ended, -1);
	MUST(kill(handler.pid, SIGKILL));
	until_ended();
	ck_assert_int_eq(handler.status, SIGKILL);
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

/* Each call fails once: no process and no descriptor is left. */
START_TEST(failing_calls)
{
	char *argv[] = {(char *)"sleep", (char *)"1000", NULL};
	unsigned before = open_descriptors(), number = 0;
	int r;

	scratch_enter();
	do {
		faults_begin(++number, ENOMEM, false);
		r = handler_start(&handler, argv, environ);
		faults_end();
		handler_end(&handler, PATIENT);
		ck_assert_int_eq(r, faults_failed() ? -ENOMEM : 0);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_uint_eq(number, 3);
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
	tcase_add_test(tcase, end_all_of_it);
	tcase_add_test(tcase, end_without_its_consent);
	tcase_add_test(tcase, what_cannot_be_started);
	tcase_add_test(tcase, failing_calls);
	return suite;
}
