/*
 * What is saved beside the file there, and an end that waits for what is under way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/beside.h"
#include "unit.h"

#include "faults.h"
#include "open/opened.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct opener_options options = {.max_bytes = UINT64_MAX, .from = "work", .home = "."};
static struct beside beside;
static struct opener_event event;
static struct qfile_error error;

/* What beside_end() returns for a file that comes whole. */
static int take(const char *name, const char *content)
{
	event.path[0] = '\0';
	ck_assert_int_eq(beside_begin(&beside, name, strlen(content)), 0);
	beside_write(&beside, content, strlen(content));
	return beside_end(&beside, false, false, &event, &error);
}

#define THERE "PedOSIncoming/work/"

START_TEST(stored)
{
	unsigned before;

	scratch_enter_as(_i);
	before = open_descriptors();
	beside_init(&beside, &options);
	ck_assert_int_eq(take("a.png", "one"), OPENER_BESIDE);
	ck_assert_ptr_nonnull(strstr(event.path, "/" THERE "a.png"));
	ck_assert_int_eq(take("a.png", "two"), OPENER_BESIDE);
	ck_assert_str_eq(content_of(THERE "a.png"), "two");
	ck_assert_uint_eq(mode_of(THERE "a.png"), 0600);
	make_file(THERE "a.png", "mine");
	ck_assert_int_eq(take("a.png", "three"), OPENER_BESIDE);
	ck_assert_str_eq(names_in(THERE), "a (2).png a.png");
	ck_assert(beside_has_all(&beside));
	ck_assert_uint_eq(beside.stored, 2);
	beside_close(&beside);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(bounded)
{
	char name[32];

	scratch_enter();
	beside_init(&beside, &options);
	for (unsigned i = 0; i < BESIDE_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		ck_assert_int_eq(take(name, "x"), OPENER_BESIDE);
	}
	ck_assert_uint_eq(beside.bytes, BESIDE_FILES_MAX);
	/* What is known already may come again. */
	ck_assert_int_eq(take("7", "yy"), OPENER_BESIDE_LOST);
	ck_assert_int_eq(take("another", "x"), OPENER_BESIDE_LOST);
	ck_assert_int_eq(error.code, EDQUOT);
	ck_assert(!beside_has_all(&beside));
	beside_close(&beside);
}
END_TEST

START_TEST(too_much)
{
	scratch_enter();
	beside_init(&beside, &options);
	ck_assert_int_eq(beside_begin(&beside, "a", BESIDE_BYTES_MAX + 1), 0);
	ck_assert_int_eq(beside_end(&beside, true, false, &event, &error), OPENER_BESIDE_LOST);
	ck_assert_int_eq(error.code, EDQUOT);
	ck_assert(!exists("PedOSIncoming"));
	beside_close(&beside);
}
END_TEST

/* Each call fails: it is told, nothing half is there, and the next one is stored. */
START_TEST(each_call_fails)
{
	unsigned call = 0, before;

	for (bool failed = true; failed;) {
		int step;

		scratch_enter();
		beside_init(&beside, &options);
		before = open_descriptors();
		faults_begin(++call, _i ? ENOSPC : EIO, false);
		step = beside_begin(&beside, "a", 3);
		if (step == 0) {
			beside_write(&beside, "abc", 3);
			step = beside_end(&beside, false, false, &event, &error);
		}
		faults_end();
		failed = faults_failed();
		ck_assert(step == OPENER_BESIDE || step == OPENER_BESIDE_LOST || step == -ENOMEM);
		ck_assert_uint_eq(open_descriptors(), before);
		if (step == OPENER_BESIDE)
			ck_assert_str_eq(content_of(THERE "a"), "abc");
		else
			ck_assert(!exists(THERE "a"));
		ck_assert(step != OPENER_BESIDE_LOST || !beside_has_all(&beside));
		ck_assert_int_eq(take("a", "next"), OPENER_BESIDE);
		ck_assert(beside_has_all(&beside));
		beside_close(&beside);
	}
	ck_assert_uint_gt(call, 12);
}
END_TEST

/* ---- Ending ---- */

static struct opened opened;

/* The whole reply, as it is on the wire. */
static size_t reply_of(unsigned char *bytes, size_t size)
{
	int fds[2];
	ssize_t n;

	MUST(pipe2(fds, O_CLOEXEC));
	opened.in = fds[1];
	feed_note(&opened, "a note");
	feed_header(&opened, EDIT_BESIDE, 0, EDIT_BESIDE_NAME_SIZE + 3);
	{
		unsigned char name[EDIT_BESIDE_NAME_SIZE] = "b", crc[EDIT_CRC_SIZE];

		/* Its checksum is wrong: that is told, and nothing needs to be computed here. */
		feed_bytes(&opened, name, sizeof(name));
		feed_bytes(&opened, "abc", 3);
		edit_crc_encode(0, crc);
		feed_bytes(&opened, crc, sizeof(crc));
	}
	feed_save(&opened, "after");
	feed_done(&opened, 0, "over");
	n = read(fds[0], bytes, size);
	close(fds[0]);
	close(fds[1]);
	return (size_t)n;
}

static int next(void)
{
	return opened_next(&opened);
}

/* Wherever the user stops it: nothing of what is under way is lost. */
START_TEST(finishes_from_anywhere)
{
	unsigned char bytes[4096];
	size_t length = reply_of(bytes, sizeof(bytes));

	for (size_t cut = 0; cut < length; cut++) {
		static const int expected[] = {OPENER_NOTE, OPENER_BESIDE_LOST, OPENER_SAVED,
					       OPENER_DONE};
		size_t seen = 0;
		int stop[2], step;

		scratch_enter();
		make_old_file("file", "before");
		MUST(pipe2(stop, O_CLOEXEC));
		opened_init(&opened);
		opened.options.home = ".";
		opened.options.stop = stop[0];
		opened_begin_as_set(&opened, "file");
		feed_bytes(&opened, bytes, cut);
		close(stop[1]); /* readable from now on */
		while ((step = next()) != -ECANCELED)
			ck_assert_int_eq(step, expected[seen++]);
		opener_finish(opened.opener, -1);
		feed_bytes(&opened, bytes + cut, length - cut);
		do {
			step = next();
			ck_assert_msg(step == expected[seen], "cut %zu: %d", cut, step);
		} while (expected[seen++] != OPENER_DONE);
		ck_assert_str_eq(content_of("file"), "after");
		ck_assert_str_eq(opened.event.message, "over");
		opened_end(&opened);
		close(stop[0]);
	}
}
END_TEST

START_TEST(finishes_when_nothing_comes)
{
	scratch_enter();
	make_old_file("file", "before");
	opened_begin(&opened, "file");
	opener_finish(opened.opener, -1);
	ck_assert_int_eq(next(), -ETIMEDOUT);
	opened_end(&opened);
}
END_TEST

Suite *beside_suite(void)
{
	Suite *suite = suite_create("beside");
	TCase *tcase = add_case(suite, "beside");

	add_both_users_test(tcase, stored);
	tcase_add_test(tcase, bounded);
	tcase_add_test(tcase, too_much);
	tcase_add_loop_test(tcase, each_call_fails, 0, 2);
	tcase = add_case(suite, "ending");
	tcase_add_test(tcase, finishes_from_anywhere);
	tcase_add_test(tcase, finishes_when_nothing_comes);
	return suite;
}
