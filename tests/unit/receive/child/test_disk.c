/*
 * What the disk refuses, in the format's words: every errno there is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "receive/child/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ERRNOS 134 /* one more than the largest of Linux */

struct meaning {
	int error, means; /* means: a positive errno, or 0 */
};

/* What `error` means; those that stand in no table mean themselves. */
static int meaning_of(const struct meaning *table, size_t count, int error)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].error == error)
			return table[i].means;
	}
	return error;
}

static const struct meaning entries[] =
	{
		{EEXIST, EEXIST},        {ENOENT, EADDRNOTAVAIL}, {EINVAL, EADDRNOTAVAIL},
		{EILSEQ, EADDRNOTAVAIL}, {EDOM, EADDRNOTAVAIL},   {EPERM, EOPNOTSUPP},
		{ENOSYS, EOPNOTSUPP},    {ENOTTY, EOPNOTSUPP},    {EACCES, EACCES},
},
			    contents[] =
				    {
					    {EINVAL, EIO},
					    {EILSEQ, EIO},
},
			    times[] =
				    {
					    {EPERM, 0},  {ENOSYS, 0},         {EOPNOTSUPP, 0},
					    {ENOTTY, 0}, {EINVAL, EOVERFLOW}, {ERANGE, EOVERFLOW},
},
			    others[] = {
				    {EPERM, 0},  {ENOSYS, 0}, {EOPNOTSUPP, 0},
				    {ENOTTY, 0}, {EINVAL, 0},
};

#define CHECK_ALL(call, table)                                                           \
	do {                                                                             \
		for (int error = 1; error < ERRNOS; error++)                             \
			ck_assert_msg((call) == -meaning_of(table, COUNT(table), error), \
				      "%s of %d: %d", #call, error, (call));             \
	} while (0)

START_TEST(every_errno)
{
	int dir;

	scratch_enter();
	make_dir("open");
	dir = open_dir("open");
	CHECK_ALL(disk_entry_refused(dir, false, error), entries);
	CHECK_ALL(disk_content_refused(error), contents);
	CHECK_ALL(disk_times_refused(error), times);
	CHECK_ALL(disk_mode_refused(error), others);
	CHECK_ALL(disk_sync_refused(error), others);
	CHECK_ALL(disk_growing_refused(error), others);
	close(dir);
}
END_TEST

/* What the directory says, too. */
START_TEST(depends_on_the_directory)
{
	int dir;

	scratch_enter();
	make_dir("dir");
	dir = open_dir("dir");
	/* Where names are folded, it is the delivery's own fault. */
	ck_assert_int_eq(disk_entry_refused(dir, true, EEXIST), -ENOTUNIQ);
	ck_assert_int_eq(disk_entry_refused(dir, true, ENOSPC), -ENOSPC);
	/* A mode that came in the stream keeps even its owner out. */
	for (mode_t missing = 0100; missing <= 0400; missing *= 2) {
		MUST(fchmod(dir, 0777 & ~missing));
		ck_assert_int_eq(disk_entry_refused(dir, false, EACCES), -EINVAL);
	}
	MUST(fchmod(dir, 0700));
	ck_assert_int_eq(disk_entry_refused(dir, false, EACCES), -EACCES);
	MUST(rmdir("dir"));
	ck_assert_int_eq(disk_entry_refused(dir, false, ENOENT), -ENOENT);
	close(dir);
	/* Nothing is known of it: what is worse is assumed. */
	ck_assert_int_eq(disk_entry_refused(dir, false, EACCES), -EINVAL);
	ck_assert_int_eq(disk_entry_refused(dir, false, ENOENT), -ENOENT);
}
END_TEST

Suite *disk_suite(void)
{
	Suite *suite = suite_create("disk");
	TCase *tcase = add_case(suite, "refusals");

	tcase_add_test(tcase, every_errno);
	tcase_add_test(tcase, depends_on_the_directory);
	return suite;
}
