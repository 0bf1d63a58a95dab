/*
 * A lock that only openers see.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/lock.h"
#include "unit.h"

#include "faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stat status;

static void begin(void)
{
	scratch_enter();
	make_file("file", "x");
	MUST(stat("file", &status));
}

START_TEST(one_at_a_time)
{
	int first, second;

	begin();
	first = lock_take(&status);
	ck_assert_int_gt(first, 0);
	ck_assert_int_eq(lock_take(&status), -EWOULDBLOCK);
	ck_assert_int_ne(fcntl(first, F_GETFD) & FD_CLOEXEC, 0);
	close(first);
	second = lock_take(&status);
	ck_assert_int_gt(second, 0);
	close(second);
}
END_TEST

START_TEST(others_are_in_nobodys_way)
{
	int lock, fd;

	begin();
	fd = open("file", O_RDWR | O_CLOEXEC);
	MUST(flock(fd, LOCK_EX | LOCK_NB));
	MUST(lockf(fd, F_TLOCK, 0));
	lock = lock_take(&status);
	ck_assert_int_gt(lock, 0);
	close(fd);
	close(lock);
}
END_TEST

START_TEST(dies_with_its_process)
{
	int lock, ended;
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0)
		_exit(lock_take(&status) > 0 ? 7 : 8);
	MUST(waitpid(pid, &ended, 0));
	ck_assert_int_eq(WEXITSTATUS(ended), 7);
	lock = lock_take(&status);
	ck_assert_int_gt(lock, 0);
	close(lock);
}
END_TEST

/* Take the name as anybody can. With `listening`, as an opener does. */
static int squat(bool listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "qopen-in-vm/%llx/%llx", (unsigned long long)status.st_dev,
			      (unsigned long long)status.st_ino);

	MUST(bind(fd, (struct sockaddr *)&address,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)));
	if (listening)
		MUST(listen(fd, 1));
	return fd;
}

/* Whoever holds the name and does not listen is no opener. */
START_TEST(name_without_an_opener)
{
	int fd;

	begin();
	fd = squat(false);
	ck_assert_int_lt(lock_take(&status), 0);
	ck_assert_int_ne(lock_take(&status), -EWOULDBLOCK);
	close(fd);
}
END_TEST

/* Somebody who may not write to the file says nothing of it; who may, does. */
START_TEST(name_of_a_stranger)
{
	int fd;

	begin();
	if (geteuid() != 0)
		return;
	MUST(seteuid(4321));
	fd = squat(true);
	MUST(seteuid(0));
	ck_assert_int_eq(lock_take(&status), -EPERM);
	status.st_uid = 4321;
	ck_assert_int_eq(lock_take(&status), -EWOULDBLOCK);
	status.st_uid = 0;
	status.st_mode |= 0020;
	ck_assert_int_eq(lock_take(&status), -EWOULDBLOCK);
	close(fd);
}
END_TEST

START_TEST(no_locks)
{
	unsigned before;

	begin();
	before = open_descriptors();
	faults_begin_in("bind", 1, EACCES, true);
	ck_assert_int_eq(lock_take(&status), -EACCES);
	faults_end();
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

Suite *lock_suite(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = add_case(suite, "lock");

	tcase_add_test(tcase, one_at_a_time);
	tcase_add_test(tcase, others_are_in_nobodys_way);
	tcase_add_test(tcase, dies_with_its_process);
	tcase_add_test(tcase, name_without_an_opener);
	tcase_add_test(tcase, name_of_a_stranger);
	tcase_add_test(tcase, no_locks);
	return suite;
}
