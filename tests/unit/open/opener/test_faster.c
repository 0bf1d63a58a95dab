/*
 * Somebody else, who may be hostile, changes the file before a version takes its place: nothing of
 * theirs is lost, and nothing of ours is seen by others.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "unit.h"

#include "faults.h"
#include "open/opened.h"
#include "open/opener/original.h"
#include "open/opener/replaced.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- When somebody else was faster ---- */

static void touch(void)
{
	MUST(utimensat(AT_FDCWD, "file", NULL, 0));
}

static void write_the_same(void)
{
	make_file("file", "before");
}

static void replace_by_the_same(void)
{
	make_file("new", "before");
	MUST(rename("new", "file"));
}

/*
 * As large as it was, and with its time set back. That it was, shows in the time of that, once a
 * clock that may be coarse has moved on.
 */
static void change_secretly(void)
{
	struct stat status, now;

	MUST(stat("file", &status));
	make_file("file", "secret");
	do {
		MUST(utimensat(AT_FDCWD, "file",
			       (struct timespec[2]){status.st_atim, status.st_mtim}, 0));
		MUST(stat("file", &now));
	} while (now.st_ctim.tv_sec == status.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == status.st_ctim.tv_nsec);
}

static void replace_by_another(void)
{
	make_file("new", "local");
	MUST(rename("new", "file"));
}

static void remove_it(void)
{
	MUST(unlink("file"));
}

static void make_it_a_directory(void)
{
	MUST(unlink("file"));
	make_dir("file");
}

static void make_it_a_link(void)
{
	MUST(rename("file", "moved"));
	make_link("file", "moved");
}

static void turn_into_fifo(void)
{
	MUST(unlink("file"));
	MUST(mkfifo("file", 0600));
}

static const struct {
	void (*act)(void);
	int result;
	const char *content; /* NULL: not to be read */
} events[] = {
	{touch, 0, "after"},
	{write_the_same, 0, "after"},
	{replace_by_the_same, 0, "after"},
	{change, -ESTALE, "local"},
	{change_secretly, -ESTALE, "secret"},
	{replace_by_another, -ESTALE, "local"},
	{remove_it, -ENOENT, NULL},
	{make_it_a_directory, -ESTALE, NULL},
	{make_it_a_link, -ESTALE, "before"},
	{turn_into_fifo, -ESTALE, NULL},
};

/*
 * When it happens: any time before, or between our look and the exchange; to a file that was old or
 * new when it was opened.
 */
static const char *const moments[] = {"", "linkat", "renameat2"};

START_TEST(somebody_was_faster)
{
	const size_t event = _i % COUNT(events), moment = _i / COUNT(events) % COUNT(moments);
	/*
	 * Between look and exchange, which takes microseconds, a change of an old file whose time
	 * is set back would not show.
	 */
	bool old = _i / COUNT(events) / COUNT(moments) &&
		   (moment == 0 || events[event].act != change_secretly);
	struct stat now;
	int r;

	scratch_enter();
	if (old)
		make_old_file("file", "before");
	else
		make_file("file", "before");
	open_file();
	begin("after");
	if (moment == 0)
		events[event].act();
	else
		faults_before(moments[moment], events[event].act);
	r = target_replace(target, &save, NULL);
	ck_assert_msg(r == events[event].result, "%d", r);
	if (events[event].content)
		ck_assert_str_eq(content_of("file"), events[event].content);
	else if (events[event].act == remove_it)
		ck_assert(!exists("file"));
	else
		ck_assert_int_eq(stat("file", &now) == 0 && S_ISREG(now.st_mode), 0);
	/* The edit can be put elsewhere. */
	if (r < 0) {
		ck_assert_int_eq(save_link(&save, "beside"), 0);
		ck_assert_str_eq(content_of("beside"), "after");
	}
	save_end(&save);
	ck_assert(!has_name(".", ".qopen-"));
}
END_TEST

/*
 * Once more, while the names are exchanged back: what is newest stays, and nobody's file is
 * removed.
 */
static void change_again(void)
{
	make_file("new", "newest");
	MUST(rename("new", "file"));
}

static void change_now_and_later(void)
{
	replace_by_another();
	faults_before("renameat2", change_again);
}

START_TEST(somebody_was_faster_twice)
{
	start();
	faults_before("renameat2", change_now_and_later);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
	/* Both of what the other one wrote are there: one under the name, one where it came out. */
	ck_assert_str_eq(content_of("file"), "local");
	ck_assert(has_name(".", ".qopen-"));
}
END_TEST

/* An exchange that cannot be taken back: both are there. */
static void change_and_fail(void)
{
	replace_by_another();
	faults_begin_in("renameat2", 2, EIO, true);
}

START_TEST(exchange_stays)
{
	start();
	faults_before("renameat2", change_and_fail);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	faults_end();
	save_end(&save);
	ck_assert(has_name(".", ".qopen-"));
	ck_assert_str_eq(content_of("file"), "after");
}
END_TEST

/* While we look, it is written to: what was read is neither what was nor what is. */
static void grow(void)
{
	int fd = open("file", O_WRONLY | O_APPEND);

	MUST(write(fd, "x", 1));
	close(fd);
}

START_TEST(changed_while_it_is_read)
{
	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	faults_before("pread", grow);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	ck_assert_str_eq(content_of("file"), "beforex");
	save_end(&save);
}
END_TEST

static void turn_into_socket(void)
{
	MUST(unlink("file"));
	MUST(mknod("file", S_IFSOCK | 0600, 0));
}

static void grow_when_read(void)
{
	faults_before("fstat", grow);
}

/* What was read is what it was, but not what it is. */
START_TEST(changed_when_it_was_read)
{
	scratch_enter();
	make_file("file", "before");
	open_file();
	faults_before("pread", grow_when_read);
	ck_assert_int_eq(seen_look(target->dir, "file", &target->seen, SEEN_NOT_RENAMED), -ESTALE);
	ck_assert_str_eq(content_of("file"), "beforex");
}
END_TEST

/* What has another size need not be read. */
START_TEST(changed_in_size)
{
	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	grow();
	faults_begin_in("pread", 0, 0, false);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	ck_assert_uint_eq(faults_end(), 0);
	save_end(&save);
}
END_TEST

/* A time that was set says nothing; when it was set, the file was touched. */
START_TEST(time_that_was_set)
{
	static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	scratch_enter();
	make_file("file", "before");
	MUST(utimensat(AT_FDCWD, "file", long_ago, 0));
	open_file();
	ck_assert(!target->seen.settled);
	original_close(&original);
	faults_ahead = FILES_ARE_OLD;
	open_file();
	ck_assert(target->seen.settled);
	MUST(utimensat(AT_FDCWD, "file",
		       (struct timespec[2]){{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}}, 0));
	faults_ahead = FILES_ARE_YOUNG;
	original_close(&original);
	open_file();
	ck_assert(!target->seen.settled);
}
END_TEST

/* Of something that is as empty as the file was. */
START_TEST(became_an_empty_fifo)
{
	scratch_enter();
	make_old_file("file", "");
	open_file();
	begin("after");
	turn_into_fifo();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

START_TEST(became_a_socket)
{
	start();
	turn_into_socket();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

/*
 * A change is noticed by the first look, and what was seen last is then what was compared with: no
 * change adds up unseen.
 */
START_TEST(touched_again_and_again)
{
	start();
	for (int i = 0; i < 3; i++) {
		touch();
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		save_end(&save);
		MUST(utimensat(AT_FDCWD, "file", NULL, 0));
		begin("after");
	}
	change();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

/* ---- When somebody hostile was ---- */

/* The same content, but open to all: what is saved would be, too. */
static void replace_by_somebody_elses(void)
{
	replace_by_the_same();
	MUST(chmod("file", 0666));
	MUST(chown("file", 65534, 65534));
}

START_TEST(same_content_of_somebody_else)
{
	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0600));
	open_file();
	begin("after");
	if (*moments[_i])
		faults_before(moments[_i], replace_by_somebody_elses);
	else
		replace_by_somebody_elses();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "before");
}
END_TEST

static const char *const calls[] = {"openat", "fstat",  "fstatat",    "fsync",    "linkat",
				    "bind",   "fchmod", "flistxattr", "unlinkat", "renameat2"};
static const char *swapped_before;
static unsigned calls_until_swap, swaps;

static void swap(void)
{
	MUST(renameat2(AT_FDCWD, "file", AT_FDCWD, "other", RENAME_EXCHANGE));
}

/* At the call that was chosen, and back again at the next one. */
static void swap_in_time(void)
{
	if (calls_until_swap > 0) {
		calls_until_swap--;
	} else {
		swap();
		if (++swaps == 2)
			return;
	}
	faults_before(swapped_before, swap_in_time);
}

/*
 * A link in the file's place, before each call of each kind: what it leads to is never written to,
 * nothing is lost, and the link is nobody's to remove.
 */
START_TEST(swapped_for_a_link)
{
	unsigned call = 0;

	do {
		char made[NAME_MAX + 1];
		struct stat status;
		int r;

		start();
		make_file("secret", "secret");
		make_link("other", "secret");
		swapped_before = calls[_i % COUNT(calls)];
		calls_until_swap = call++;
		swaps = 0;
		faults_before(swapped_before, swap_in_time);
		r = target_replace(target, &save, (size_t)_i < COUNT(calls) ? NULL : made);
		faults_before("", NULL);
		ck_assert_str_eq(content_of("secret"), "secret");
		if (r == 0) {
			/* What was replaced is what was seen, wherever it is now. */
			MUST(lstat(swaps == 1 ? "other" : "file", &status));
			ck_assert(S_ISREG(status.st_mode));
			ck_assert_str_eq(content_of(swaps == 1 ? "other" : "file"), "after");
			ck_assert_str_eq(content_of(swaps == 1 ? "file" : "other"), "secret");
			if ((size_t)_i >= COUNT(calls))
				ck_assert_str_eq(content_of(made), "before");
		} else {
			ck_assert_int_eq(r, -ESTALE);
			ck_assert_int_eq(save_link(&save, "beside"), 0);
			ck_assert_str_eq(content_of("beside"), "after");
		}
		save_end(&save);
		target_close(target);
	} while (swaps > 0);
}
END_TEST

Suite *faster_suite(void)
{
	Suite *suite = suite_create("somebody was faster");
	TCase *tcase = add_case(suite, "somebody was faster");

	tcase_add_loop_test(tcase, somebody_was_faster, 0,
			    2 * (int)(COUNT(events) * COUNT(moments)));
	tcase_add_test(tcase, somebody_was_faster_twice);
	tcase_add_test(tcase, exchange_stays);
	tcase_add_test(tcase, changed_while_it_is_read);
	tcase_add_test(tcase, changed_when_it_was_read);
	tcase_add_test(tcase, changed_in_size);
	tcase_add_test(tcase, time_that_was_set);
	tcase_add_test(tcase, became_an_empty_fifo);
	tcase_add_test(tcase, became_a_socket);
	tcase_add_test(tcase, touched_again_and_again);
	tcase = add_case(suite, "swapped");
	tcase_add_loop_test(tcase, swapped_for_a_link, 0, 2 * (int)COUNT(calls));
	tcase = add_case_if(suite, "somebody else's", geteuid() == 0, "needs root");
	add_table_test(tcase, same_content_of_somebody_else, moments);
	return suite;
}
