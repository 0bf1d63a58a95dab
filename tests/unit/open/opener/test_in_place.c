/*
 * A version is written into the file itself: whatever fails, its content is one of the two, or what
 * it was is beside it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/in_place.h"
#include "unit.h"

#include "faults.h"
#include "io/stream.h"
#include "open/opened.h"
#include "open/opener/original.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const keep[] = {"private", NULL};
static struct original original;
static struct target *const target = &original.target;
static struct save save;
static char copy[4096];

static void begin(const char *old, const char *new)
{
	scratch_enter();
	make_old_file("file", old);
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	target->seen.digest = digest_of(old);
	ck_assert_int_eq(save_begin(&save, target->dir, strlen(new)), 0);
	ck_assert_int_eq(save_write(&save, new, strlen(new)), 0);
	digest_add(&save.digest, new, strlen(new));
}

static void end(void)
{
	save_end(&save);
	original_close(&original);
}

static const struct {
	const char *old, *new;
} contents[] = {{"before", "after that"}, {"before", "now"}, {"before", ""}, {"", "after"}};

START_TEST(written)
{
	struct stat before, after;

	begin(contents[_i].old, contents[_i].new);
	MUST(stat("file", &before));
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), 0);
	ck_assert_str_eq(copy, "");
	ck_assert_str_eq(content_of("file"), contents[_i].new);
	MUST(stat("file", &after));
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_str_eq(names_in("."), "file");
	/* It is what was seen: the next one may follow. */
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), 0);
	end();
}
END_TEST

START_TEST(written_large)
{
	char *old = pattern_of(3 * STREAM_BUFFER_SIZE + 1), *new = pattern_of(STREAM_BUFFER_SIZE);

	begin(old, new);
	ck_assert_int_eq(in_place_write(target, &save, keep, true, copy), 0);
	ck_assert_str_eq(content_of("file"), new);
	ck_assert_str_eq(content_of("file~"), old);
	end();
	free(old);
	free(new);
}
END_TEST

START_TEST(backups)
{
	begin("before", "after");
	make_file("file~", "mine");
	MUST(chmod("file", 0640));
	ck_assert_int_eq(in_place_write(target, &save, keep, true, copy), 0);
	ck_assert_str_eq(content_of("file.~1~"), "before");
	ck_assert_uint_eq(mode_of("file.~1~"), 0640);
	ck_assert_str_eq(content_of("file~"), "mine");
	ck_assert_str_eq(strrchr(copy, '/'), "/file.~1~");
	end();
}
END_TEST

START_TEST(somebody_was_faster)
{
	begin("before", "after");
	make_file("file", "local!");
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), -ESTALE);
	ck_assert_str_eq(content_of("file"), "local!");
	ck_assert_str_eq(names_in("."), "file");
	end();
}
END_TEST

static void write_meanwhile(void)
{
	make_file("file", "local!");
}

/* Between the copy and the writing. */
START_TEST(somebody_was_almost_faster)
{
	begin("before", "after");
	faults_before("fsync", write_meanwhile);
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), -ESTALE);
	ck_assert_str_eq(content_of("file"), "local!");
	ck_assert_str_eq(names_in("."), "file");
	end();
}
END_TEST

static void link_meanwhile(void)
{
	MUST(unlink("file"));
	make_file("elsewhere", "theirs");
	MUST(symlink("elsewhere", "file"));
}

static void link_at_the_next_openat(void)
{
	faults_before("openat", link_meanwhile);
}

/* Between the look and the opening for writing. */
START_TEST(a_link_is_not_followed)
{
	begin("before", "after");
	target->seen.settled = false;
	faults_before("fstat", link_at_the_next_openat);
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), -ESTALE);
	ck_assert_str_eq(content_of("elsewhere"), "theirs");
	ck_assert_str_eq(names_in("."), "elsewhere file");
	end();
}
END_TEST

START_TEST(set_id_is_dropped)
{
	begin("before", "after");
	MUST(chmod("file", 06755));
	MUST(fstat(target->fd, &target->seen.status));
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), 0);
	ck_assert_uint_eq(mode_of("file"), 0755);
	end();
}
END_TEST

/* What a crash has left is found by the next opener, and is not in the way of the next save. */
START_TEST(unfinished)
{
	char path[4096];

	begin("before", "after");
	in_place_unfinished(target, keep, path);
	ck_assert_str_eq(path, "");
	/* The copy cannot be removed: as if we had died before. */
	faults_begin_in("unlinkat", 1, EIO, true);
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), 0);
	faults_end();
	in_place_unfinished(target, keep, path);
	ck_assert_ptr_nonnull(strstr(path, "/file (before an unfinished save "));
	ck_assert_str_eq(content_of(strrchr(path, '/') + 1), "before");
	/* Also by another name of the file. */
	strcpy(target->name, "other name.txt");
	in_place_unfinished(target, keep, path);
	ck_assert_ptr_nonnull(strstr(path, "/file (before an unfinished save "));
	strcpy(target->name, "file");
	ck_assert_int_eq(in_place_write(target, &save, keep, false, copy), 0);
	ck_assert_str_eq(content_of(strrchr(path, '/') + 1), "before");
	end();
}
END_TEST

/* Each call fails, once or from then on. */
START_TEST(each_call_fails)
{
	unsigned call = 0, before;

	for (bool failed = true; failed; end()) {
		int r;

		begin("before", "after that");
		before = open_descriptors();
		faults_begin(++call, _i & 1 ? ENOSPC : EIO, _i & 2);
		r = in_place_write(target, &save, keep, false, copy);
		faults_end();
		failed = faults_failed();
		ck_assert_uint_eq(open_descriptors(), before);
		if (r == 0)
			ck_assert_str_eq(content_of("file"), "after that");
		else if (strcmp(content_of("file"), "before") != 0)
			/* It cannot be written any more: then the copy is told of. */
			ck_assert_str_eq(content_of(strrchr(copy, '/') + 1), "before");
	}
	ck_assert_uint_gt(call, 25);
}
END_TEST

Suite *in_place_suite(void)
{
	Suite *suite = suite_create("in_place");
	TCase *tcase = add_case(suite, "in place");

	add_table_test(tcase, written, contents);
	tcase_add_test(tcase, written_large);
	tcase_add_test(tcase, backups);
	tcase_add_test(tcase, somebody_was_faster);
	tcase_add_test(tcase, somebody_was_almost_faster);
	tcase_add_test(tcase, a_link_is_not_followed);
	tcase_add_test(tcase, set_id_is_dropped);
	tcase_add_test(tcase, unfinished);
	tcase_add_loop_test(tcase, each_call_fails, 0, 4);
	return suite;
}
