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
	r = qfile_incoming_open(&user, NULL, "work", &error);
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
	ck_assert_int_lt(qfile_incoming_open(&user, NULL, "work", &error), 0);
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

/* A mode of 0711 above lets nobody look around, and everybody pass. */
START_TEST(parents_need_not_be_readable)
{
	int fd;

	make_home();
	make_dir("gate");
	make_dir("gate/in");
	MUST(chmod("gate", 0100));
	fd = qfile_incoming_open_path("gate/in", &error);
	ck_assert_int_ge(fd, 0);
	close(fd);
	MUST(chmod("gate", 0300));
	fd = qfile_incoming_open_path("gate/new", &error);
	ck_assert_int_ge(fd, 0);
	close(fd);
	make_dir("PedOSIncoming");
	make_dir("PedOSIncoming/work");
	MUST(chmod("PedOSIncoming", 0100));
	MUST(chmod(".", 0100));
	fd = qfile_incoming_open(&user, NULL, "work", &error);
	MUST(chmod(user.home, 0700));
	MUST(chmod("PedOSIncoming", 0700));
	MUST(chmod("gate", 0700));
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

/* Why a place is none is told apart. */
static const struct {
	const char *path;
	int error;
} bad_places[] = {
	{"missing/new", ENOENT},    {"missing/deep/new", ENOENT}, {"file", ENOTDIR},
	{"file/new", ENOTDIR},      {"file/in/new", ENOTDIR},     {"link", ENOTDIR},
	{"circle/new", ELOOP},      {"closed/in", EACCES},        {"closed/in/new", EACCES},
	{"unwritable/new", EACCES},
};

START_TEST(bad_place)
{
	const int expected = bad_places[_i].error;

	make_home();
	make_file("file", "x");
	make_link("link", "victim");
	make_link("circle", "circle");
	make_dir("closed");
	make_dir("closed/in");
	make_dir("unwritable");
	MUST(chmod("closed", 0));
	MUST(chmod("unwritable", 0500));
	if (expected != EACCES || geteuid() != 0)
		ck_assert_int_eq(qfile_incoming_open_path(bad_places[_i].path, &error), -expected);
	MUST(chmod("closed", 0700));
	MUST(chmod("unwritable", 0700));
}
END_TEST

/* The directory at home has the name that its caller gives it, which is no path. */
START_TEST(another_name_at_home)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "/tmp", ".hidden", "a b", "a\n"};
	int fd;

	make_home();
	fd = qfile_incoming_open(&user, "QubesIncoming", "work", &error);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_str_eq(names_in("QubesIncoming"), "work");
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_int_eq(qfile_incoming_open(&user, bad[i], "new", &error), -EINVAL);
	ck_assert_str_eq(names_in("."), "QubesIncoming victim");
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
	tcase_add_test(tcase, parents_need_not_be_readable);
	add_table_test(tcase, bad_place, bad_places);
	tcase_add_test(tcase, another_name_at_home);
	return suite;
}
