/*
 * Where deliveries go: opened once, and what is made there is the caller's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct qfile_error error;
static struct qfile_user user;

static void make_home(void)
{
	scratch_enter();
	ck_assert_ptr_nonnull(getcwd(user.home, sizeof(user.home)));
	make_dir("victim");
}

/* What somebody who may rename it puts in its place. */
static const char *made;

static void put_link(void)
{
	MUST(rename(made, "moved"));
	make_link(made, "/victim");
}

static void put_file(void)
{
	MUST(rename(made, "moved"));
	make_file(made, "x");
}

static void put_theirs(void)
{
	MUST(rename(made, "moved"));
	make_dir(made);
	MUST(chown(made, 4711, 4711));
}

static const struct {
	void (*put)(void);
	int error;
	bool needs_root;
} others[] = {
	{put_link, ENOTDIR, false},
	{put_file, ENOTDIR, false},
	{put_theirs, EPERM, true},
};

/* The call that opens the next directory is not the one that is awaited: that is behind it. */
static unsigned calls_before;

static void put_in_time(void)
{
	if (calls_before-- > 0)
		faults_before("openat", put_in_time);
	else
		others[0].put();
}

START_TEST(replaced_while_it_is_made)
{
	unsigned before;
	int r;

	make_home();
	if (others[_i].needs_root && geteuid() != 0)
		return;
	before = open_descriptors();
	made = "new";
	faults_before("openat", others[_i].put);
	r = qfile_incoming_open_path("new", &error);
	ck_assert_msg(r == -others[_i].error || (r == -ELOOP && others[_i].error == ENOTDIR), "%d",
		      r);
	ck_assert_str_eq(error.name, "new");
	ck_assert_ptr_nonnull(error.hint);
	ck_assert_str_eq(names_in("victim"), "");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(incoming_replaced_while_it_is_made)
{
	int r;

	make_home();
	made = "PedOSIncoming";
	faults_before("openat", others[_i].put);
	if (others[_i].needs_root && geteuid() != 0)
		return;
	r = qfile_incoming_open(&user, "work", &error);
	ck_assert_msg(r == -others[_i].error || (r == -ELOOP && others[_i].error == ENOTDIR), "%d",
		      r);
	ck_assert_str_eq(names_in("victim"), "");
}
END_TEST

START_TEST(source_replaced_while_it_is_made)
{
	make_home();
	made = "PedOSIncoming/work";
	calls_before = 1;
	faults_before("openat", put_in_time);
	ck_assert_int_lt(qfile_incoming_open(&user, "work", &error), 0);
	ck_assert_str_eq(names_in("victim"), "");
	ck_assert_str_eq(names_in("moved"), "");
}
END_TEST

/* What is there already may be another user's: the caller named it. */
START_TEST(there_already)
{
	int fd;

	make_home();
	make_dir("old");
	MUST(chown("old", geteuid() == 0 ? 4711 : geteuid(), getegid()));
	fd = qfile_incoming_open_path("old/", &error);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = qfile_incoming_open_path("old/new", &error);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(mode_of("old/new"), 0700);
	close(fd);
}
END_TEST

Suite *destination_suite(void)
{
	Suite *suite = suite_create("destination");
	TCase *tcase = add_case(suite, "destination");

	add_table_test(tcase, replaced_while_it_is_made, others);
	add_table_test(tcase, incoming_replaced_while_it_is_made, others);
	tcase_add_test(tcase, source_replaced_while_it_is_made);
	tcase_add_test(tcase, there_already);
	return suite;
}
