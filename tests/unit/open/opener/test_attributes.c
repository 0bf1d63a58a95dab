/*
 * What a file has besides its content goes over to a version of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "open/opener/attributes.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACCESS_LIST "system.posix_acl_access"

/* user::rw-, user:1:r--, group::---, mask::r--, other::--- */
static const unsigned char acl[] = {2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
				    0, 1, 0,   0,   0,   4,   0,  0, 0,   255, 255, 255, 255, 16, 0,
				    4, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
static int from, to;

static void make_files(void)
{
	MUST(from = open("from", O_RDWR | O_CREAT, 0600));
	MUST(to = open("to", O_RDWR | O_CREAT, 0600));
}

static bool has(int fd, const char *name, const void *value, size_t size)
{
	char got[256];

	return fgetxattr(fd, name, got, sizeof(got)) == (ssize_t)size &&
	       memcmp(got, value, size) == 0;
}

/* ---- Mode and owner ---- */

static const struct {
	mode_t from, to;
} modes[] = {{0644, 0644},   {0600, 0600},  {0755, 0755},  {0444, 0444}, {0, 0},
	     {01777, 01777}, {04755, 0755}, {02755, 0755}, {06777, 0777}};

START_TEST(mode)
{
	scratch_enter_as(_i & 1);
	make_files();
	MUST(fchmod(from, modes[_i >> 1].from));
	ck_assert_uint_eq(mode_of("from"), modes[_i >> 1].from);
	ck_assert_int_eq(attributes_copy(from, to), 0);
	ck_assert_uint_eq(mode_of("to"), modes[_i >> 1].to);
}
END_TEST

START_TEST(owner_as_root)
{
	struct stat status;

	scratch_enter();
	make_files();
	MUST(fchmod(from, 04640));
	MUST(fchown(from, 4711, 4712));
	ck_assert_int_eq(attributes_copy(from, to), 0);
	MUST(fstat(to, &status));
	ck_assert_uint_eq(status.st_uid, 4711);
	ck_assert_uint_eq(status.st_gid, 4712);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
}
END_TEST

/*
 * As a user who may not give files away: a group that is theirs they may set, the owner not,
 * another group not either.
 */
static void become_plain_with_group(gid_t group)
{
	MUST(fchown(to, 65534, 65534));
	MUST(setgroups(1, &group));
	MUST(setresgid(65534, 65534, 65534));
	MUST(setresuid(65534, 65534, 65534));
}

static const struct {
	gid_t group; /* that the caller is in, besides their own */
	mode_t from, to;
	bool same_group;
} foreign[] = {
	{4712, 0664, 0664, true},  {4712, 0640, 0640, true},  {4713, 0664, 0644, false},
	{4713, 0660, 0600, false}, {4713, 0666, 0666, false}, {4713, 0674, 0644, false},
};

START_TEST(owner_of_somebody_else)
{
	struct stat status;

	scratch_enter();
	make_files();
	MUST(fchown(from, 4711, 4712));
	MUST(fchmod(from, foreign[_i].from));
	become_plain_with_group(foreign[_i].group);
	ck_assert_int_eq(attributes_copy(from, to), 0);
	MUST(fstat(to, &status));
	ck_assert_uint_eq(status.st_uid, 65534);
	ck_assert_uint_eq(status.st_gid, foreign[_i].same_group ? 4712 : 65534);
	ck_assert_msg((status.st_mode & 07777) == foreign[_i].to, "%o became %o", foreign[_i].from,
		      status.st_mode & 07777);
}
END_TEST

/* Its group's entry would be about another group. */
START_TEST(access_list_of_another_group)
{
	scratch_enter();
	make_files();
	MUST(fsetxattr(from, ACCESS_LIST, acl, sizeof(acl), 0));
	MUST(fchown(from, 4711, 4712));
	MUST(fchmod(from, 0644));
	become_plain_with_group(4713);
	ck_assert_int_eq(attributes_copy(from, to), -EPERM);
}
END_TEST

/* ---- Access lists and extended attributes ---- */

START_TEST(access_list)
{
	scratch_enter_as(_i);
	make_files();
	MUST(fsetxattr(from, ACCESS_LIST, acl, sizeof(acl), 0));
	ck_assert_int_eq(attributes_copy(from, to), 0);
	ck_assert(has(to, ACCESS_LIST, acl, sizeof(acl)));
	ck_assert_uint_eq(mode_of("to"), mode_of("from"));
}
END_TEST

/* One that the directory hands down, and the file does not have. */
START_TEST(access_list_of_the_directory)
{
	int dir;

	scratch_enter_as(_i);
	make_dir("dir");
	dir = open_dir("dir");
	MUST(from = open("from", O_RDWR | O_CREAT, 0600));
	MUST(fchmod(from, 0664));
	MUST(fsetxattr(dir, "system.posix_acl_default", acl, sizeof(acl), 0));
	MUST(to = open("dir/to", O_RDWR | O_CREAT, 0600));
	ck_assert_int_gt(fgetxattr(to, ACCESS_LIST, NULL, 0), 0);
	ck_assert_int_eq(attributes_copy(from, to), 0);
	ck_assert_int_eq(fgetxattr(to, ACCESS_LIST, NULL, 0), -1);
	ck_assert_uint_eq(mode_of("dir/to"), 0664);
}
END_TEST

START_TEST(users_attributes)
{
	scratch_enter_as(_i);
	make_files();
	MUST(fsetxattr(from, "user.one", "1", 1, 0));
	MUST(fsetxattr(from, "user.two", "zwei\0", 5, 0));
	MUST(fsetxattr(from, "user.empty", "", 0, 0));
	ck_assert_int_eq(attributes_copy(from, to), 0);
	ck_assert(has(to, "user.one", "1", 1));
	ck_assert(has(to, "user.two", "zwei\0", 5));
	ck_assert(has(to, "user.empty", "", 0));
}
END_TEST

START_TEST(mode_that_cannot_be_had)
{
	static const int errors[] = {EPERM, ENOSYS};

	scratch_enter();
	make_files();
	MUST(fchmod(from, 0640));
	faults_begin_in("fchmod", 1, errors[_i], false);
	ck_assert_int_eq(attributes_copy(from, to), -errors[_i]);
	faults_end();
	ck_assert_uint_eq(mode_of("to"), 0600);
}
END_TEST

/* As what vouches for the old content is not handed on; what the system keeps about a file is. */
START_TEST(capability_stays_behind)
{
	/* revision 2, CAP_NET_RAW */
	static const unsigned char capability[] = {0, 0, 0, 2, 0, 32, 0, 0, 0, 0,
						   0, 0, 0, 0, 0, 0,  0, 0, 0, 0};

	scratch_enter();
	make_files();
	MUST(fsetxattr(from, "security.capability", capability, sizeof(capability), 0));
	MUST(fsetxattr(from, "trusted.note", "x", 1, 0));
	MUST(fsetxattr(from, "user.note", "y", 1, 0));
	ck_assert_int_eq(attributes_copy(from, to), 0);
	ck_assert_int_eq(fgetxattr(to, "security.capability", NULL, 0), -1);
	ck_assert(has(to, "trusted.note", "x", 1));
	ck_assert(has(to, "user.note", "y", 1));
}
END_TEST

struct failure {
	const char *call;
	int error, result;
};

static void fail_with(const char *name, const struct failure *failure)
{
	int r;

	scratch_enter();
	make_files();
	MUST(fsetxattr(from, name, "x", 1, 0));
	faults_begin_in(failure->call, 1, failure->error, false);
	r = attributes_copy(from, to);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_msg(r == failure->result, "%s of %s, error %d: %d", failure->call, name,
		      failure->error, r);
}

static const struct failure users[] = {
	{"fsetxattr", ENOSPC, -ENOSPC}, {"fsetxattr", ENOTSUP, -ENOTSUP},
	{"fgetxattr", EACCES, -EACCES}, {"fgetxattr", ENODATA, 0}, /* removed meanwhile */
	{"flistxattr", ENOTSUP, 0},     {"flistxattr", EIO, -EIO},
	{"fremovexattr", ENOTSUP, 0},   {"fremovexattr", EIO, -EIO},
	{"malloc", ENOMEM, -ENOMEM},    {"fstat", EIO, -EIO},
	{"fchmod", EPERM, 0}, /* it has that mode already */
	{"fchmod", EROFS, -EROFS},
};

START_TEST(users_attribute_fails)
{
	fail_with("user.note", &users[_i]);
}
END_TEST

static const struct failure systems[] = {
	{"fsetxattr", EPERM, 0},        {"fsetxattr", ENOTSUP, 0}, {"fsetxattr", EACCES, 0},
	{"fsetxattr", ENOSPC, -ENOSPC}, {"fgetxattr", EPERM, 0},
};

START_TEST(systems_attribute_fails)
{
	fail_with("trusted.note", &systems[_i]);
}
END_TEST

/* ---- Where they can be tried ---- */

static bool can_set(const char *name, const void *value, size_t size)
{
	char path[4096];
	const char *tmp = getenv("TMPDIR");
	bool can;
	int fd;

	snprintf(path, sizeof(path), "%s/qfile-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	can = fd >= 0 && fsetxattr(fd, name, value, size, 0) == 0;
	if (fd >= 0)
		unlink(path);
	close(fd);
	return can;
}

Suite *attributes_suite(void)
{
	Suite *suite = suite_create("attributes");
	TCase *tcase = add_case(suite, "mode and owner");
	bool lists = can_set(ACCESS_LIST, acl, sizeof(acl)),
	     users_own = can_set("user.note", "x", 1), root = geteuid() == 0;

	tcase_add_loop_test(tcase, mode, 0, 2 * (int)COUNT(modes));
	tcase = add_case_if(suite, "other owners", root, "needs root");
	tcase_add_test(tcase, owner_as_root);
	add_table_test(tcase, owner_of_somebody_else, foreign);
	tcase = add_case_if(suite, "access lists", lists, "the file system of TMPDIR has none");
	add_both_users_test(tcase, access_list);
	add_both_users_test(tcase, access_list_of_the_directory);
	tcase = add_case_if(suite, "access lists of other owners", lists && root,
			    "needs root, and a file system that has them");
	tcase_add_test(tcase, access_list_of_another_group);
	tcase = add_case_if(suite, "extended attributes", users_own,
			    "the file system of TMPDIR has none");
	add_both_users_test(tcase, users_attributes);
	add_table_test(tcase, users_attribute_fails, users);
	tcase = add_case_if(suite, "the system's attributes",
			    root && can_set("trusted.note", "x", 1),
			    "needs root, and a file system that has them");
	tcase_add_loop_test(tcase, mode_that_cannot_be_had, 0, 2);
	tcase_add_test(tcase, capability_stays_behind);
	add_table_test(tcase, systems_attribute_fails, systems);
	return suite;
}
