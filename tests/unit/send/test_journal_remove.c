/*
 * The journal of what was sent, and removing that and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "send/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

static int new_file(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	return fileno(file);
}

/* ---- The journal ---- */

static struct journal_record record;

START_TEST(records)
{
	struct stat status = {.st_dev = 7,
			      .st_ino = 1ull << 40,
			      .st_size = (off_t)1 << 41,
			      .st_mtim = {.tv_sec = -1, .tv_nsec = 999999999},
			      .st_mode = S_IFREG};
	char name[PATH_MAX];
	FILE *file;
	off_t offset = 0;

	scratch_enter();
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	file = fopen("journal", "w+");
	journal_write(file, JOURNAL_ENTER, 0, "dir", &status);
	journal_write(file, JOURNAL_ENTRY, 0, name, &status);
	journal_write(file, JOURNAL_LEAVE, 0, "dir", &status);
	ck_assert_int_eq(fflush(file), 0);

	ck_assert_int_eq(journal_read(fileno(file), &offset, &record), 1);
	ck_assert_uint_eq(record.kind, JOURNAL_ENTER);
	ck_assert_str_eq(record.name, "dir");
	ck_assert_uint_eq(record.dev, 7);
	ck_assert_uint_eq(record.ino, 1ull << 40);
	ck_assert_uint_eq(record.size, 1ull << 41);
	ck_assert_int_eq(record.mtime, -1);
	ck_assert_int_eq(record.mtime_nsec, 999999999);
	ck_assert_int_eq(journal_read(fileno(file), &offset, &record), 1);
	ck_assert_str_eq(record.name, name);
	ck_assert_int_eq(journal_read(fileno(file), &offset, &record), 1);
	ck_assert_uint_eq(record.kind, JOURNAL_LEAVE);
	ck_assert_str_eq(record.name, "dir");
	ck_assert_int_eq(journal_read(fileno(file), &offset, &record), 0);
}
END_TEST

/* A journal that lost its end, or was never one, is no reason to remove anything. */
START_TEST(damaged)
{
	static const struct stat status;
	off_t offset, whole;
	FILE *file;

	scratch_enter();
	file = fopen("journal", "w+");
	journal_write(file, JOURNAL_ENTRY, 0, "name", &status);
	fflush(file);
	whole = lseek(fileno(file), 0, SEEK_CUR);
	for (off_t length = whole - 1; length > 0; length--) {
		MUST(ftruncate(fileno(file), length));
		offset = 0;
		ck_assert_msg(journal_read(fileno(file), &offset, &record) == -EIO,
			      "%lld of %lld bytes", (long long)length, (long long)whole);
		ck_assert_int_eq(offset, 0);
	}
	MUST(ftruncate(fileno(file), 0));
	for (unsigned i = 0; i < 8192; i++)
		MUST(pwrite(fileno(file), "\377", 1, i));
	offset = 0;
	ck_assert_int_eq(journal_read(fileno(file), &offset, &record), -EIO);
	offset = 0;
	ck_assert_int_eq(journal_read(-1, &offset, &record), -EBADF);
}
END_TEST

/* A name that would leave no room for its NUL. */
START_TEST(name_too_long)
{
	static struct journal_record sent = {.kind = JOURNAL_ENTRY, .namelen = PATH_MAX};
	off_t offset = 0;
	int fd;

	memset(sent.name, 'n', sizeof(sent.name));
	fd = new_file();
	MUST(write(fd, &sent, sizeof(sent)));
	ck_assert_int_eq(journal_read(fd, &offset, &record), -EIO);
}
END_TEST

/* One thing is different. */
static const struct {
	const char *label;
	struct stat status;
	bool same_file, unchanged;
} comparisons[] = {
	{"nothing", {.st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {4, 5}}, true, true},
	{"what does not matter",
	 {.st_dev = 1,
	  .st_ino = 2,
	  .st_size = 3,
	  .st_mtim = {4, 5},
	  .st_atim = {9, 9},
	  .st_ctim = {9, 9},
	  .st_nlink = 9},
	 true,
	 true},
	{"device", {.st_dev = 9, .st_ino = 2, .st_size = 3, .st_mtim = {4, 5}}, false, false},
	{"inode", {.st_dev = 1, .st_ino = 9, .st_size = 3, .st_mtim = {4, 5}}, false, false},
	{"size", {.st_dev = 1, .st_ino = 2, .st_size = 9, .st_mtim = {4, 5}}, true, false},
	{"seconds", {.st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {9, 5}}, true, false},
	{"nanoseconds", {.st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {4, 9}}, true, false},
};

START_TEST(comparison)
{
	static const struct journal_record noted = {
		.dev = 1, .ino = 2, .size = 3, .mtime = 4, .mtime_nsec = 5};

	ck_assert_msg(!journal_same_file(&noted, &comparisons[_i].status) ==
			      !comparisons[_i].same_file,
		      "%s", comparisons[_i].label);
	ck_assert_msg(!journal_unchanged(&noted, &comparisons[_i].status) ==
			      !comparisons[_i].unchanged,
		      "%s", comparisons[_i].label);
}
END_TEST

/* ---- The remover ---- */

/* Send the tree at `path` to nowhere. Returns its journal. */
static int send_tree(const char *path, unsigned flags)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_error error;
	struct qfile_source source;
	struct qfile_sender *sender;
	int fds[2], r;

	MUST(pipe(fds));
	options.journal = new_file();
	options.flags = flags;
	options.in = fds[0];
	MUST(options.out = open("/dev/null", O_WRONLY));
	ck_assert_int_eq(qfile_source_open(&source, path, flags, &error), 0);
	ck_assert_int_eq(qfile_sender_new(&sender, &options), 0);
	qfile_sender_begin(sender, &source);
	while ((r = qfile_sender_step(sender, &error)) != QFILE_STEP_DONE)
		ck_assert_int_ge(r, 0);
	qfile_sender_free(sender);
	qfile_source_close(&source);
	return options.journal;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *reason(int code)
{
	switch (code) {
	case ESTALE:
		return "changed";
	case EEXIST:
		return "appeared";
	case EACCES:
		return "closed";
	default:
		return strerror(code);
	}
}

/* Remove what is in the journal. Returns what was kept, as "NAME=REASON; NAME=REASON", sorted. */
static const char *remove_sent(int journal)
{
	static char text[4096];
	static struct qfile_error kept;
	struct qfile_remover *remover;
	char *lines[64];
	size_t count = 0, used = 0;
	int r;

	ck_assert_int_eq(qfile_remover_new(&remover, journal), 0);
	while ((r = qfile_remover_next(remover, &kept)) == 1) {
		ck_assert_uint_lt(count, COUNT(lines));
		MUST(asprintf(&lines[count++], "%s=%s", kept.name, reason(kept.code)));
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(qfile_remover_next(remover, &kept), 0); /* the end is the end */
	qfile_remover_free(remover);
	qsort(lines, count, sizeof(*lines), compare);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "; " : "",
					 lines[i]);
	return text;
}

/*
 * What is left in a directory, sorted; what is in a directory there stands in parentheses behind
 * it. Never freed.
 */
static const char *left_in(const char *path)
{
	char *names, *rest, *name, *text, *inner;

	if (!exists(path))
		return strdup("");
	names = strdup(names_in(path));
	text = strdup("");
	for (rest = names; (name = strsep(&rest, " ")) && *name;) {
		struct stat status;
		char *inside;

		MUST(asprintf(&inside, "%s/%s", path, name));
		MUST(lstat(inside, &status));
		MUST(asprintf(&inner, S_ISDIR(status.st_mode) ? "%s%s%s(%s)" : "%s%s%s", text,
			      *text ? " " : "", name,
			      S_ISDIR(status.st_mode) ? left_in(inside) : ""));
		text = inner;
	}
	return text;
}

static void nothing(void)
{
}

static void file_grows(void)
{
	make_file("s/d/f", "longer than before");
}

/*
 * The same length, and the time put forward: a fast machine could write within one tick of the
 * clock.
 */
static void file_changes(void)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 12345}};

	MUST(utimensat(AT_FDCWD, "s/d/f", times, 0));
}

/* Another file that looks the same from outside. */
static void file_is_replaced(void)
{
	struct timespec times[2];
	struct stat status;

	MUST(stat("s/d/f", &status));
	make_file("copy", "f");
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	MUST(utimensat(AT_FDCWD, "copy", times, 0));
	MUST(rename("copy", "s/d/f"));
}

static void file_becomes_link(void)
{
	MUST(unlink("s/d/f"));
	make_link("s/d/f", "../../outside/f");
}

static void file_goes(void)
{
	MUST(unlink("s/d/f"));
}

static void link_is_replaced(void)
{
	make_link("copy", "other");
	MUST(rename("copy", "s/l"));
}

static void file_appears(void)
{
	make_file("s/d/new", "x");
}

static void files_appear_everywhere(void)
{
	make_file("s/new", "x");
	make_file("s/d/new", "x");
	make_dir("s/d/e/new");
	make_file("s/d/e/new/deeper", "x");
	make_file("s/z/new", "x");
}

static void appears_and_changes(void)
{
	file_grows();
	make_file("s/d/e/new", "x");
}

static void directory_is_replaced_by_link(void)
{
	MUST(rename("s/d", "moved"));
	make_link("s/d", "../moved");
}

static void directory_is_replaced_by_directory(void)
{
	MUST(rename("s/d", "moved"));
	make_dir("s/d");
	make_file("s/d/f", "f");
}

static void directory_is_replaced_by_file(void)
{
	MUST(rename("s/d", "moved"));
	make_file("s/d", "x");
}

static void directory_goes(void)
{
	MUST(rename("s/d", "moved"));
}

static void directory_is_closed(void)
{
	MUST(chmod("s/d/e", 0500));
}

static void source_is_replaced(void)
{
	MUST(rename("s", "moved"));
	make_link("s", "moved");
}

static const struct {
	const char *label;
	void (*change)(void);
	const char *kept, *left;
} changes[] = {
	{"nothing", nothing, "", ""},
	{"file grows", file_grows, "s/d/f=changed", "d(f)"},
	{"file changes", file_changes, "s/d/f=changed", "d(f)"},
	{"file is replaced", file_is_replaced, "s/d/f=changed", "d(f)"},
	{"file becomes a link", file_becomes_link, "s/d/f=changed", "d(f)"},
	{"file goes", file_goes, "", ""},
	{"link is replaced", link_is_replaced, "s/l=changed", "l"},
	{"file appears", file_appears, "s/d/new=appeared", "d(new)"},
	{"files appear everywhere", files_appear_everywhere,
	 "s/d/e/new=appeared; s/d/new=appeared; s/new=appeared; s/z/new=appeared",
	 "d(e(new(deeper)) new) new z(new)"},
	{"a file appears, another changes", appears_and_changes,
	 "s/d/e/new=appeared; s/d/f=changed", "d(e(new) f)"},
	{"directory is replaced by a link", directory_is_replaced_by_link, "s/d=changed", "d"},
	{"directory is replaced by another", directory_is_replaced_by_directory, "s/d=changed",
	 "d(f)"},
	{"directory is replaced by a file", directory_is_replaced_by_file, "s/d=changed", "d"},
	{"directory goes", directory_goes, "", ""},
	{"directory is closed", directory_is_closed, "s/d/e/g=closed", "d(e(g))"},
	{"source is replaced", source_is_replaced, "s=changed", "d(e(g) f) f l z(f)"},
};

/* s: d/{f, e/g}, f, l, z/f */
static void make_tree(void)
{
	make_dir("outside");
	make_file("outside/f", "x");
	make_dir("s");
	make_dir("s/d");
	make_file("s/d/f", "f");
	make_dir("s/d/e");
	make_file("s/d/e/g", "g");
	make_file("s/f", "f");
	make_link("s/l", "../outside");
	make_dir("s/z");
	make_file("s/z/f", "f");
}

START_TEST(change)
{
	const char *kept, *left;
	int journal;

	scratch_enter_plain();
	make_tree();
	journal = send_tree("s", 0);
	changes[_i].change();
	kept = remove_sent(journal);
	ck_assert_msg(strcmp(kept, changes[_i].kept) == 0, "%s: kept \"%s\"", changes[_i].label,
		      kept);
	left = left_in("s");
	ck_assert_msg(strcmp(left, changes[_i].left) == 0, "%s: left \"%s\"", changes[_i].label,
		      left);
	ck_assert_msg(exists("s") == (*changes[_i].left != '\0'), "%s: s itself",
		      changes[_i].label);
	if (exists("moved"))
		ck_assert_msg(exists("moved/f") || exists("moved/d/f"),
			      "%s: followed to what was moved", changes[_i].label);
	ck_assert_str_eq(content_of("outside/f"), "x");
	if (exists("s/d/e"))
		chmod("s/d/e", 0700);
}
END_TEST

/* What was not sent stays, and is not called new. */
START_TEST(what_was_not_sent)
{
	int journal;

	scratch_enter_plain();
	make_tree();
	MUST(mkfifo("s/d/fifo", 0600));
	journal = send_tree("s", QFILE_IGNORE_LINKS);
	ck_assert_str_eq(remove_sent(journal), "");
	ck_assert_str_eq(left_in("s"), "d(fifo) l");
}
END_TEST

/* Of what was followed only the link goes. */
START_TEST(what_was_followed)
{
	int journal;

	scratch_enter_plain();
	make_tree();
	make_dir("outside/d");
	make_file("outside/d/deep", "x");
	make_link("s/d/to file", "../../outside/f");
	journal = send_tree("s", QFILE_DEREFERENCE);
	ck_assert_str_eq(remove_sent(journal), "");
	ck_assert(!exists("s"));
	ck_assert_str_eq(left_in("outside"), "d(deep) f");
}
END_TEST

START_TEST(a_file_for_a_source)
{
	int journal;

	scratch_enter_plain();
	make_dir("dir");
	make_file("dir/f", "x");
	make_file("dir/other", "x");
	journal = send_tree("dir/f", 0);
	ck_assert_str_eq(remove_sent(journal), "");
	ck_assert_str_eq(names_in("dir"), "other");

	make_file("dir/f", "x");
	journal = send_tree("dir/f", 0);
	make_file("dir/f", "changed");
	ck_assert_str_eq(remove_sent(journal), "dir/f=changed");
	ck_assert_str_eq(names_in("dir"), "f other");
}
END_TEST

/* Deeper than there are open directories: the way back is the way in. */
START_TEST(deep_tree)
{
	unsigned before;
	int journal;

	scratch_enter_plain();
	make_deep(open_dir("."), "d", 200);
	journal = send_tree("d", 0);
	before = open_descriptors();
	ck_assert_str_eq(remove_sent(journal), "");
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert(!exists("d"));
}
END_TEST

/* In a wide directory those that appeared are found among those that were kept. */
START_TEST(wide_tree)
{
	char path[32];
	int journal;

	scratch_enter_plain();
	make_dir("s");
	for (unsigned i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "s/d%u", i);
		make_dir(path);
		snprintf(path, sizeof(path), "s/d%u/f", i);
		make_file(path, "x");
		snprintf(path, sizeof(path), "s/f%u", i);
		make_file(path, "x");
	}
	journal = send_tree("s", 0);
	make_file("s/f100", "changed");
	make_file("s/d200/f", "changed");
	make_file("s/new", "x");
	make_file("s/d299/new", "x");
	make_file("s/f", "a name that exists deeper: x");
	ck_assert_str_eq(remove_sent(journal), "s/d200/f=changed; s/d299/new=appeared; "
					       "s/f100=changed; s/f=appeared; s/new=appeared");
	ck_assert_str_eq(left_in("s"), "d200(f) d299(new) f f100 new");
}
END_TEST

/*
 * The directory may have its entries in another order by now: those that were noted are still not
 * called new.
 */
START_TEST(another_order)
{
	char expected[256] = "";
	struct stat status;
	FILE *journal;

	scratch_enter_plain();
	make_dir("s");
	journal = tmpfile();
	MUST(stat("s", &status));
	journal_write(journal, JOURNAL_ENTER, 0, "s", &status);
	for (int i = 0; i < 10; i++) {
		char path[8];

		snprintf(path, sizeof(path), "s/%d", _i ? 9 - i : i);
		make_file(path, "");
		MUST(stat(path, &status));
		status.st_size++;
		journal_write(journal, JOURNAL_ENTRY, 0, path + 2, &status);
		snprintf(expected + strlen(expected), 32, "%ss/%d=changed", i ? "; " : "", i);
	}
	journal_write(journal, JOURNAL_LEAVE, 0, "s", &status);
	fflush(journal);
	ck_assert_str_eq(remove_sent(fileno(journal)), expected);
}
END_TEST

/* A journal without its end is noticed, and what it does not mention stays. */
START_TEST(damaged_journal)
{
	struct qfile_remover *remover;
	static struct qfile_error kept;
	int journal, r;
	struct stat status;

	scratch_enter_plain();
	make_tree();
	journal = send_tree("s", 0);
	MUST(fstat(journal, &status));
	MUST(ftruncate(journal, status.st_size - 3));
	ck_assert_int_eq(qfile_remover_new(&remover, journal), 0);
	while ((r = qfile_remover_next(remover, &kept)) == 1)
		;
	ck_assert_int_eq(r, -EIO);
	qfile_remover_free(remover);
	ck_assert(exists("s"));
}
END_TEST

/* ---- What others put in the way ---- */

static void swap(void)
{
	MUST(renameat2(AT_FDCWD, "theirs/d", AT_FDCWD, "theirs/link", RENAME_EXCHANGE));
}

static const char *swapped_before;
static unsigned calls_until_swap;
static bool swapped;

static void swap_in_time(void)
{
	if (calls_until_swap-- > 0) {
		faults_before(swapped_before, swap_in_time);
		return;
	}
	swap();
	swapped = true;
}

static const struct {
	const char *source, *before;
} swaps[] = {
	{"theirs/d/file", "fstatat"}, {"theirs/d/file", "unlinkat"}, {"theirs/d/file", "openat"},
	{"theirs/d/dir", "fstatat"},  {"theirs/d/dir", "unlinkat"},  {"theirs/d/dir", "openat"},
	{"theirs/d/dir", "fstat"},    {"theirs/d/dir", "fdopendir"},
};

/*
 * The directory that the source is in turns into a link to one of the user's, where names are the
 * same: nothing is removed there, before whichever call it happens.
 */
START_TEST(removed_where_it_was_looked_at)
{
	unsigned call = 0;

	do {
		int journal;

		scratch_enter();
		make_dir("theirs");
		make_dir("theirs/d");
		make_dir("theirs/d/dir");
		make_file("theirs/d/dir/file", "x");
		make_file("theirs/d/file", "x");
		make_dir("ours");
		make_dir("ours/dir");
		make_file("ours/file", "precious");
		make_link("theirs/link", "../ours");
		journal = send_tree(swaps[_i].source, 0);
		swapped_before = swaps[_i].before;
		calls_until_swap = call++;
		swapped = false;
		faults_before(swapped_before, swap_in_time);
		remove_sent(journal);
		faults_before("", NULL);
		ck_assert_str_eq(left_in("ours"), "dir() file");
		close(journal);
	} while (swapped);
}
END_TEST

/* The same file system as that in the tests of opening: the kernel follows no link there. */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const char *const places[] = {"theirs/d/", "theirs/d/.", "theirs/d/dir/.."};

/* "dir/" is a link to it for the kernel to follow, or not. */
START_TEST(place_that_the_kernel_refuses)
{
	struct qfile_error error;
	struct qfile_source source;
	int r;

	scratch_enter();
	make_dir("theirs");
	make_dir("ours");
	make_dir("ours/dir");
	ck_assert(mount_own("theirs", MS_NOSYMFOLLOW, NULL));
	make_dir("theirs/d");
	make_dir("theirs/d/dir");
	make_link("theirs/link", "../ours");
	swap();
	ck_assert_int_eq(qfile_source_open(&source, places[_i], 0, &error), -ELOOP);
	swap();
	/* Nor once the kernel has found the directory. */
	faults_before("fstat", swap);
	r = qfile_source_open(&source, places[_i], 0, &error);
	faults_before("", NULL);
	ck_assert_msg(r == 0 || r == -ESTALE, "%d", r);
	if (r == 0) {
		ck_assert_ptr_null(strstr(source.path, "ours"));
		qfile_source_close(&source);
	}
}
END_TEST

Suite *journal_remove_suite(void)
{
	Suite *suite = suite_create("journal_remove");
	TCase *journal = add_case(suite, "journal"), *remover = add_case(suite, "remove");

	tcase_add_test(journal, records);
	tcase_add_test(journal, damaged);
	tcase_add_test(journal, name_too_long);
	add_table_test(journal, comparison, comparisons);

	add_table_test(remover, change, changes);
	tcase_add_test(remover, what_was_not_sent);
	tcase_add_test(remover, what_was_followed);
	tcase_add_test(remover, a_file_for_a_source);
	tcase_add_test(remover, deep_tree);
	tcase_add_test(remover, wide_tree);
	tcase_add_loop_test(remover, another_order, 0, 2);
	tcase_add_test(remover, damaged_journal);
	remover = add_case(suite, "swapped");
	add_table_test(remover, removed_where_it_was_looked_at, swaps);
	remover = add_case_if(suite, "swapped for a link", can_mount(MS_NOSYMFOLLOW),
			      "no file system without links here");
	add_table_test(remover, place_that_the_kernel_refuses, places);
	return suite;
}
