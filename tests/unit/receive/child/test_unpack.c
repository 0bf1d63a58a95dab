/*
 * The receiver's parser: streams in, files out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "io/stream.h"
#include "receive/child/report.h"
#include "receive/child/unpack.h"
#include "streams.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- What is created ---- */

START_TEST(everything_as_it_was_sent)
{
	struct stat status;
	char target[16];

	scratch_enter_as(_i);
	umask(0);
	put_script("d:d f640:d/f l:d/l:f d0:d/sealed d0:d/sealed f0:d/none f777:d/all d750:d .");
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_str_eq(names_in("root"), "d");
	ck_assert_str_eq(names_in("root/d"), "all f l none sealed");
	ck_assert_uint_eq(mode_of("root/d"), 0750);
	ck_assert_uint_eq(mode_of("root/d/f"), 0640);
	ck_assert_uint_eq(mode_of("root/d/none"), 0);
	ck_assert_uint_eq(mode_of("root/d/all"), 0777);
	ck_assert_uint_eq(mode_of("root/d/sealed"), 0);
	ck_assert_str_eq(content_of("root/d/f"), "d/f");
	ck_assert_int_eq(readlink("root/d/l", target, sizeof(target)), 1);
	ck_assert_int_eq(target[0], 'f');
	for (size_t i = 0; i < 3; i++) {
		static const char *const paths[] = {"root/d", "root/d/f", "root/d/l"};

		MUST(lstat(paths[i], &status));
		ck_assert_msg(status.st_mtim.tv_sec == 1000000002 && status.st_mtim.tv_nsec == 6,
			      "%s: mtime", paths[i]);
	}
	MUST(chmod("root/d", 0700));
	ck_assert_uint_eq(received.size.entries, 6);
	ck_assert_uint_eq(received.size.bytes, strlen("d/f") + strlen("d/none") + strlen("d/all"));
	ck_assert_uint_eq(received.crc, libdeflate_crc32(0, stream.bytes, stream.length));
}
END_TEST

/* Set-ID and sticky bits never arrive, whatever the umask. */
START_TEST(no_special_bits)
{
	scratch_enter_as(_i);
	umask(0);
	put_script("d7777:d f7777:d/f d7777:d f6755:g .");
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_uint_eq(mode_of("root/d"), 0777);
	ck_assert_uint_eq(mode_of("root/d/f"), 0777);
	ck_assert_uint_eq(mode_of("root/g"), 0755);
}
END_TEST

/* Access times, looked at before anything is read. */
START_TEST(access_times)
{
	struct stat status;

	scratch_enter();
	put_script("f:f .");
	ck_assert_int_eq(unpack_stream(), 0);
	MUST(lstat("root/f", &status));
	ck_assert_int_eq(status.st_atim.tv_sec, 1000000001);
	ck_assert_int_eq(status.st_atim.tv_nsec, 5);
}
END_TEST

static const struct {
	uint32_t seconds, nanoseconds;
} times[] = {{0, 0}, {1, 1}, {0x7fffffff, 999999999}, {0x80000000, 0}, {UINT32_MAX, 999999999}};

START_TEST(times_in_all_centuries)
{
	struct stat status;

	scratch_enter();
	put_header(&(struct qfile_header){.namelen = 2,
					  .mode = S_IFREG | 0644,
					  .mtime = times[_i].seconds,
					  .mtime_nsec = times[_i].nanoseconds});
	put_bytes("f", 2);
	put_end();
	ck_assert_int_eq(unpack_stream(), 0);
	MUST(lstat("root/f", &status));
	ck_assert_msg(status.st_mtim.tv_sec == (time_t)times[_i].seconds &&
			      status.st_mtim.tv_nsec == (long)times[_i].nanoseconds,
		      "%u.%09u became %lld.%09ld", times[_i].seconds, times[_i].nanoseconds,
		      (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}
END_TEST

/* A stream is the same however it is cut. */
static const size_t pieces[] = {1, 2, 31, 32, 33, 4096, 65536};

START_TEST(any_pieces)
{
	scratch_enter();
	put_script("d:d f:d/one d:d/e l:d/e/l:../one d:d/e f:d/two d:d f:three .");
	ck_assert_int_eq(unpack_pieces(pieces[_i]), 0);
	ck_assert_str_eq(names_in("root"), "d three");
	ck_assert_str_eq(names_in("root/d"), "e one two");
	ck_assert_str_eq(content_of("root/d/two"), "d/two");
	ck_assert_str_eq(content_of("root/d/e/l"), "d/one");
	ck_assert_uint_eq(received.crc, libdeflate_crc32(0, stream.bytes, stream.length));
}
END_TEST

/* ---- Structure ---- */

/*
 * The number of a case's verdict goes for both users; sealed directories hold off a plain user
 * only.
 */
static const struct {
	const char *label, *script;
	int verdict;
	const char *name; /* in the error */
	const char *left; /* names in root */
} structures[] = {
	{"nothing", ".", 0, "", ""},
	{"depth first", "d:a d:a/b f:a/b/f d:a/b d:a .", 0, "a", "a"},
	{"breadth first", "d:a d:b f:a/x f:b/y d:a/c d:b/d f:a/c/z d:a/c d:b/d d:a d:b .", 0, "b",
	 "a b"},
	{"back and forth", "d:a d:b f:a/x f:b/x f:a/y f:b/y d:b d:a .", 0, "a", "a b"},
	{"far jumps", "d:a d:a/b d:a/b/c d:z f:a/b/c/f f:z/f f:a/f d:a/b/c d:a/b d:a d:z .", 0, "z",
	 "a z"},
	{"directories without a second header", "d:a f:a/f d:b .", 0, "b", "a b"},
	{"a name that begins as another", "d:a d:ab f:a/f f:ab/f d:a d:ab .", 0, "ab", "a ab"},
	{"a name that begins as another, deeper",
	 "d:a d:a/b d:a/bc f:a/bc/f f:a/b/f d:a/bc d:a/b d:a .", 0, "a", "a"},
	{"a name that another begins as", "d:ab d:a f:a/f f:ab/f d:a d:ab .", 0, "ab", "a ab"},

	{"parent missing", "f:a/f .", -EINVAL, "a/f", ""},
	{"parent missing for a directory", "d:a/b .", -EINVAL, "a/b", ""},
	{"parent missing for a link", "l:a/l:x .", -EINVAL, "a/l", ""},
	{"parent missing, deeper", "d:a f:a/b/c/f .", -EINVAL, "a/b/c/f", "a"},
	{"parent missing beside a like name", "d:ab f:a/f .", -EINVAL, "a/f", "ab"},
	{"file as parent", "f:a f:a/f .", -EINVAL, "a/f", "a"},
	{"file as parent of a directory", "f:a d:a/d .", -EINVAL, "a/d", "a"},
	{"file as parent, deeper", "d:a f:a/b f:a/b/f .", -EINVAL, "a/b/f", "a"},
	{"link as parent", "d:a d:a/b d:a/b l:a/l:b f:a/l/f .", -EINVAL, "a/l/f", "a"},
	{"link as parent of a directory", "d:a d:a/b d:a/b l:a/l:b d:a/l/d .", -EINVAL, "a/l/d",
	 "a"},
	{"link as parent of a link", "d:a d:a/b d:a/b l:a/l:b l:a/l/l:x .", -EINVAL, "a/l/l", "a"},
	{"link in the middle of a path", "d:a d:a/b d:a/b/c l:a/l:b f:a/l/c/f .", -EINVAL,
	 "a/l/c/f", "a"},

	{"file twice", "f:a f:a .", -EEXIST, "a", "a"},
	{"file twice, deeper", "d:d f:d/a f:d/b f:d/a .", -EEXIST, "d/a", "d"},
	{"link twice", "d:d l:d/l:x l:d/l:x .", -EEXIST, "d/l", "d"},
	{"file over a directory", "d:a d:a f:a .", -EEXIST, "a", "a"},
	{"file over the directory that it would be in", "d:a f:a .", -EEXIST, "a", "a"},
	{"directory over a file", "f:a d:a .", -EEXIST, "a", "a"},
	{"link over a file", "d:d f:d/a l:d/a:x .", -EEXIST, "d/a", "d"},
	{"file over a link", "d:d f:d/f l:d/l:f f:d/l .", -EEXIST, "d/l", "d"},
	{"file over a dangling link", "d:d l:d/l:x f:d/l .", -EEXIST, "d/l", "d"},
	{"directory over a link to a directory", "d:d d:d/e d:d/e l:d/l:e d:d/l .", -EEXIST, "d/l",
	 "d"},

	{"name with dot dot", "d:a f:a/../b .", -EINVAL, "a/../b", "a"},
	{"absolute name", "f:/a .", -EINVAL, "/a", ""},
	{"staging name", "f:.qfile-incoming-0 .", -EILSEQ, ".qfile-incoming-0", ""},
	{"bad name", "f:a\033b .", -EILSEQ, "a\033b", ""},
	{"link out", "d:a l:a/l:../b .", -ENOLINK, "a/l", "a"},
	{"link, absolute", "d:a l:a/l:/etc/passwd .", -ENOLINK, "a/l", "a"},
	{"link at the top", "l:l:x .", -ENOLINK, "l", ""},
	{"no end", "f:a", -QFILE_ETRUNCATED, "a", "a"},
	{"nothing at all", "", -QFILE_ETRUNCATED, "", ""},
	{"nothing is read behind the end", "f:a . f:b .", 0, "a", "a"},
};

START_TEST(structure)
{
	int r;

	scratch_enter_plain();
	if (*structures[_i].script)
		put_script(structures[_i].script);
	r = unpack_stream();
	ck_assert_msg(r == structures[_i].verdict, "%s: %d", structures[_i].label, r);
	ck_assert_msg(strcmp(last, structures[_i].name) == 0, "%s: names \"%s\"",
		      structures[_i].label, last);
	ck_assert_msg(strcmp(names_in("root"), structures[_i].left) == 0, "%s: created %s",
		      structures[_i].label, names_in("root"));
	ck_assert_msg(strcmp(names_in("."), "root") == 0, "%s: outside: %s", structures[_i].label,
		      names_in("."));
}
END_TEST

/* What was there first stays as it was. */
START_TEST(twice_changes_nothing)
{
	scratch_enter();
	put_entry(S_IFREG | 0600, "a", "first", 5);
	put_entry(S_IFREG | 0666, "a", "second", 6);
	put_end();
	ck_assert_int_eq(unpack_stream(), -EEXIST);
	ck_assert_str_eq(content_of("root/a"), "first");
	ck_assert_uint_eq(mode_of("root/a"), 0600);
}
END_TEST

/* A second header gives the mode; a plain user comes in no more. */
static const struct {
	const char *label, *script;
} sealed[] = {
	{"file", "d555:a d555:a f:a/f ."},
	{"directory", "d555:a d555:a d:a/d ."},
	{"link", "d555:a d555:a l:a/l:x ."},
	{"file where it cannot be looked into", "d0:a d0:a f:a/f ."},
	{"file deeper", "d:a d:a/b d0:a d:x f:a/b/f ."},
	{"directory deeper", "d:a d:a/b d0:a d:x d:a/b/d ."},
};

START_TEST(second_header_seals)
{
	int r;

	scratch_enter_plain();
	put_script(sealed[_i].script);
	r = unpack_stream();
	ck_assert_msg(r == -EINVAL, "%s: %d", sealed[_i].label, r);
	MUST(chmod("root/a", 0700));
	ck_assert_msg(!exists("root/a/f") && !exists("root/a/d") && !exists("root/a/l"),
		      "%s was created", sealed[_i].label);
}
END_TEST

/* Between the headers a directory takes its entries, whatever mode was announced. */
START_TEST(read_only_tree)
{
	scratch_enter_plain();
	put_script("d0:a d555:a/b f:a/b/f d555:a/b d500:a .");
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_uint_eq(mode_of("root/a"), 0500);
	ck_assert_uint_eq(mode_of("root/a/b"), 0555);
	ck_assert_str_eq(content_of("root/a/b/f"), "a/b/f");
}
END_TEST

/* ---- Malformed ---- */

static void name_without_nul(void)
{
	put_header(&(struct qfile_header){.namelen = 2, .mode = S_IFREG | 0644});
	put_bytes("ab", 2);
}

static void name_with_nul_inside(void)
{
	put_header(&(struct qfile_header){.namelen = 4, .mode = S_IFREG | 0644});
	put_bytes("a\0b", 4);
}

static void target_with_nul(void)
{
	put_script("d:a");
	put_entry(S_IFLNK | 0777, "a/l", "x\0y", 3);
}

static void bad_type(void)
{
	put_entry(S_IFIFO | 0644, "a", "", 0);
}

static void bad_nanoseconds(void)
{
	put_header(&(struct qfile_header){
		.namelen = 2, .mode = S_IFREG | 0644, .mtime_nsec = 1000000000});
	put_bytes("a", 2);
}

static void name_too_long(void)
{
	put_header(&(struct qfile_header){.namelen = QFILE_NAME_MAX + 1, .mode = S_IFREG | 0644});
}

static void component_too_long(void)
{
	char name[257];

	memset(name, 'n', 256);
	name[256] = '\0';
	put_entry(S_IFREG | 0644, name, "", 0);
}

static void cut_in_header(void)
{
	put_script("f:a .");
	stream.length -= 1;
}

static void cut_in_name(void)
{
	put_entry(S_IFREG | 0644, "name", "", 0);
	stream.length -= 2;
}

static void cut_in_content(void)
{
	put_entry(S_IFREG | 0644, "name", "content", 7);
	stream.length -= 1;
}

static void cut_in_large_content(void)
{
	static const char zeros[STREAM_BUFFER_SIZE * 2];

	put_entry(S_IFREG | 0644, "name", zeros, sizeof(zeros));
	stream.length -= 1;
}

static void cut_in_target(void)
{
	put_script("d:a l:a/l:target");
	stream.length -= 1;
}

static const struct {
	const char *label;
	void (*put)(void);
	int verdict;
} malformed[] = {
	{"name without a NUL", name_without_nul, -EINVAL},
	{"name with a NUL inside", name_with_nul_inside, -EINVAL},
	{"target with a NUL", target_with_nul, -EINVAL},
	{"a fifo", bad_type, -EINVAL},
	{"nanoseconds", bad_nanoseconds, -EINVAL},
	{"name too long", name_too_long, -EINVAL},
	{"component too long", component_too_long, -ENAMETOOLONG},
	{"cut in a header", cut_in_header, -QFILE_ETRUNCATED},
	{"cut in a name", cut_in_name, -QFILE_ETRUNCATED},
	{"cut in a file's content", cut_in_content, -QFILE_ETRUNCATED},
	{"cut in a large file's content", cut_in_large_content, -QFILE_ETRUNCATED},
	{"cut in a target", cut_in_target, -QFILE_ETRUNCATED},
};

START_TEST(malformed_stream)
{
	int r;

	scratch_enter();
	malformed[_i].put();
	r = unpack_stream();
	ck_assert_msg(r == malformed[_i].verdict, "%s: %d", malformed[_i].label, r);
}
END_TEST

/* ---- Flags and limits ---- */

static const struct {
	const char *label, *script;
	unsigned flags;
	int verdict;
} flags[] = {
	{"all names", "f:a\033b f:\377 .", QFILE_ALLOW_ALL_NAMES, 0},
	{"all names, but not these", "f:a/../b .", QFILE_ALLOW_ALL_NAMES, -EINVAL},
	{"all names are not all links", "d:a l:a/l:/etc .", QFILE_ALLOW_ALL_NAMES, -ENOLINK},
	{"unsafe links", "d:a l:a/l:/etc d:a l:l:../x .", QFILE_ALLOW_UNSAFE_LINKS, 0},
	{"unsafe links are not all names", "d:a l:a/l:x\033 .", QFILE_ALLOW_UNSAFE_LINKS, -EILSEQ},
	{"unsafe links are not followed", "l:l:.. f:l/f .", QFILE_ALLOW_UNSAFE_LINKS, -EINVAL},
};

START_TEST(flag)
{
	int r;

	scratch_enter();
	options.flags = flags[_i].flags;
	put_script(flags[_i].script);
	r = unpack_stream();
	ck_assert_msg(r == flags[_i].verdict, "%s: %d", flags[_i].label, r);
	ck_assert_str_eq(names_in("."), "root");
}
END_TEST

static const struct {
	const char *label, *script;
	struct qfile_limits limits;
	int verdict;
} limits[] = {
	{"exactly so many entries", "d:a f:a/f l:a/l:f d:a .", {UINT64_MAX, 3}, 0},
	{"one file too many", "f:a f:b .", {UINT64_MAX, 1}, -EDQUOT},
	{"one directory too many", "f:a d:b .", {UINT64_MAX, 1}, -EDQUOT},
	{"one link too many", "d:a l:a/l:x .", {UINT64_MAX, 1}, -EDQUOT},
	{"a second header is no entry", "d:a d:a .", {UINT64_MAX, 1}, 0},
	{"nor is one that comes from elsewhere", "d:a f:b d:a .", {UINT64_MAX, 2}, 0},
	{"at the limit, twice is twice", "f:a d:a .", {UINT64_MAX, 1}, -EEXIST},
	{"no entries at all", ".", {UINT64_MAX, 0}, 0},
	{"none allowed", "d:a .", {UINT64_MAX, 0}, -EDQUOT},
	{"exactly so many bytes", "f:abc f:de .", {5, UINT64_MAX}, 0},
	{"one byte too many", "f:abc f:def .", {5, UINT64_MAX}, -EDQUOT},
	{"a file too large by itself", "f:abcdef .", {5, UINT64_MAX}, -EDQUOT},
	{"directories and links have no bytes", "d:a l:a/l:target d:a .", {0, UINT64_MAX}, 0},
};

START_TEST(limit)
{
	int r;

	scratch_enter();
	options.limits = limits[_i].limits;
	put_script(limits[_i].script);
	r = unpack_stream();
	ck_assert_msg(r == limits[_i].verdict, "%s: %d", limits[_i].label, r);
}
END_TEST

/* What exceeds the limit is not made. */
static const char *const beyond_limit[] = {"d:a d:a d:b .", "d:a d:a f:b .", "d:a l:a/l:x .",
					   "d:a d:a/b ."};

START_TEST(limit_comes_first)
{
	scratch_enter();
	options.limits.files = 1;
	put_script(beyond_limit[_i]);
	ck_assert_int_eq(unpack_stream(), -EDQUOT);
	ck_assert_str_eq(names_in("root"), "a");
	ck_assert_str_eq(names_in("root/a"), "");
}
END_TEST

/* Sums of lengths must not wrap around. */
START_TEST(limit_of_bytes_does_not_wrap)
{
	scratch_enter();
	options.limits.bytes = 10;
	put_script("f:abcde");
	put_header(
		&(struct qfile_header){.namelen = 2, .mode = S_IFREG | 0644, .filelen = INT64_MAX});
	put_bytes("g", 2);
	ck_assert_int_eq(unpack_stream(), -EDQUOT);
	ck_assert_str_eq(names_in("root"), "abcde");
}
END_TEST

/* What cannot fit is refused at its header: nothing of its content was sent yet. */
static const uint64_t too_large[] = {1ull << 60, INT64_MAX - 4095, INT64_MAX};

START_TEST(no_space)
{
	scratch_enter();
	put_header(&(struct qfile_header){
		.namelen = 2, .mode = S_IFREG | 0644, .filelen = too_large[_i]});
	put_bytes("f", 2);
	ck_assert_int_eq(unpack_stream(), -ENOSPC);
	ck_assert_str_eq(names_in("root"), "");
}
END_TEST

/* Where nothing is known of the space, nothing is refused for want of it. */
START_TEST(unknown_space)
{
	static unsigned char large[300000];
	struct stat status;

	memset(large, 'x', sizeof(large));
	faults_no_blocks = true;
	scratch_enter();
	put_entry(S_IFREG | 0644, "f", large, sizeof(large));
	put_end();
	ck_assert_int_eq(unpack_stream(), 0);
	MUST(stat("root/f", &status));
	ck_assert_int_eq(status.st_size, sizeof(large));
}
END_TEST

/* ---- Content: sizes around those of the buffer, and holes ---- */

static const size_t sizes[] = {
	0,
	1,
	4095,
	4096,
	4097,
	STREAM_BUFFER_SIZE / 4 - 1,
	STREAM_BUFFER_SIZE / 4,
	STREAM_BUFFER_SIZE - 40,
	STREAM_BUFFER_SIZE,
	STREAM_BUFFER_SIZE + 1,
	3 * STREAM_BUFFER_SIZE + 17,
};

START_TEST(content)
{
	unsigned char *expected = malloc(sizes[_i] + 1);

	scratch_enter();
	for (size_t i = 0; i < sizes[_i]; i++)
		expected[i] = (unsigned char)(i * 7 + i / 4096 + 1);
	put_entry(S_IFREG | 0644, "f", expected, sizes[_i]);
	put_script("f:after .");
	ck_assert_int_eq(unpack_stream(), 0);
	check_file("root/f", expected, sizes[_i]);
	ck_assert_str_eq(content_of("root/after"), "after");
	ck_assert_uint_eq(received.size.bytes, sizes[_i] + 5);
	free(expected);
}
END_TEST

#define BLOCK 4096

/* Bytes that are not zero: at these places, `length` of them each. */
static const struct {
	const char *label;
	size_t size;
	struct {
		size_t at, length;
	} data[3];
	size_t blocks; /* no more than so many of 4 KiB may be taken */
} sparse[] = {
	{"zeros alone", 256 * BLOCK, {{0, 0}}, 0},
	{"zeros alone, no whole block", 256 * BLOCK + 1, {{0, 0}}, 0},
	{"data first", 256 * BLOCK, {{0, 1}}, 1},
	{"data last", 256 * BLOCK, {{256 * BLOCK - 1, 1}}, 1},
	{"data in the middle", 256 * BLOCK, {{128 * BLOCK + 5, BLOCK}}, 2},
	{"data at both ends", 1000 * BLOCK, {{0, BLOCK}, {999 * BLOCK, BLOCK}}, 2},
	{"zeros at both ends of blocks",
	 64 * BLOCK,
	 {{10, 1}, {20 * BLOCK - 1, 2}, {63 * BLOCK + 5, 1}},
	 4},
	{"a few zeros", 100, {{50, 1}}, 1},
	{"one zero", 1, {{0, 0}}, 0},
	{"a block of zeros", BLOCK, {{0, 0}}, 0},
	{"data beyond a large hole", 2048 * BLOCK + 99, {{2048 * BLOCK, 99}}, 1},
};

/* Zeros behind a file of the same length, among the first ones and among many. */
START_TEST(zeros_after_a_file)
{
	char name[32];

	scratch_enter();
	for (int i = 0; i < 3 * UNPACK_SYNCED_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_entry(S_IFREG | 0644, name, i % 2 ? "\0\0\0" : "xyz", 3);
	}
	put_end();
	ck_assert_int_eq(unpack_stream(), 0);
	for (int i = 0; i < 3 * UNPACK_SYNCED_MAX; i++) {
		snprintf(name, sizeof(name), "root/%d", i);
		check_file(name, (const unsigned char *)(i % 2 ? "\0\0\0" : "xyz"), 3);
	}
}
END_TEST

/* In pieces of many sizes: what is a block of the file has nothing to do with how it arrives. */
START_TEST(holes)
{
	static const size_t piece_sizes[] = {65536, 1000};
	unsigned char *expected = calloc(sparse[_i].size, 1);

	for (size_t i = 0; i < COUNT(sparse[_i].data); i++)
		memset(expected + sparse[_i].data[i].at, 'x', sparse[_i].data[i].length);
	put_entry(S_IFREG | 0644, "f", expected, sparse[_i].size);
	put_end();
	for (size_t i = 0; i < COUNT(piece_sizes); i++) {
		struct stat status;

		scratch_enter();
		ck_assert_int_eq(unpack_pieces(piece_sizes[i]), 0);
		check_file("root/f", expected, sparse[_i].size);
		MUST(stat("root/f", &status));
		ck_assert_msg(status.st_size == (off_t)sparse[_i].size, "%s: %lld bytes",
			      sparse[_i].label, (long long)status.st_size);
		/*
		 * One more: some file systems keep their maps in blocks, too. Pieces that end
		 * inside a block may leave a zero written here and there.
		 */
		if (piece_sizes[i] % BLOCK == 0 && sparse[_i].size >= 64 * BLOCK)
			ck_assert_msg((size_t)status.st_blocks * 512 <=
					      (sparse[_i].blocks + 1) * BLOCK,
				      "%s: %lld KiB for %zu KiB of data", sparse[_i].label,
				      (long long)status.st_blocks / 2, sparse[_i].blocks * 4);
	}
	free(expected);
}
END_TEST

/* ---- Depth and the report ---- */

START_TEST(deep)
{
	static char path[1000 * 2];
	unsigned before;

	scratch_enter();
	memset(path, 'd', sizeof(path));
	for (unsigned way = 0; way < 2; way++) { /* in, and out with the second headers */
		for (unsigned i = 0; i < 1000; i++) {
			size_t depth = way == 0 ? i : 999 - i;

			path[2 * depth + 1] = '\0';
			put_entry(S_IFDIR | 0700, path, "", 0);
			path[2 * depth + 1] = '/';
		}
	}
	put_end();
	before = open_descriptors();
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_uint_eq(received.size.entries, 1000);
	path[sizeof(path) - 1] = '\0';
	MUST(chdir("root"));
	ck_assert(exists(path));
}
END_TEST

/* Top-level entries are reported, those below are not, and second headers are not. */
START_TEST(top_level_entries_are_reported)
{
	static const char *const expected[] = {"a", "b", "c"};
	static struct report_reader reader;
	int fds[2], r;

	scratch_enter();
	MUST(pipe(fds));
	options.report = fds[1];
	options.flags = QFILE_ALLOW_UNSAFE_LINKS;
	put_script("d:a f:a/f d:a f:b l:c:x .");
	ck_assert_int_eq(unpack_stream(), 0);
	close(fds[1]);
	reader.fd = fds[0];
	for (size_t i = 0; i < COUNT(expected); i++) {
		while ((r = report_receive(&reader)) == 0)
			;
		ck_assert_int_eq(r, 1);
		ck_assert_uint_eq(reader.report.kind, REPORT_ENTRY);
		ck_assert_str_eq(reader.name, expected[i]);
	}
	ck_assert_int_eq(report_receive(&reader), -ECONNRESET);
}
END_TEST

/* A directory with so many files. */
static void put_files(unsigned count)
{
	char name[32];

	put_entry(S_IFDIR | 0700, "d", "", 0);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		put_entry(S_IFREG | 0600, name, "", 0);
	}
	put_entry(S_IFDIR | 0700, "d", "", 0);
	put_end();
}

/* So does each time when many more entries have come, whatever they are and wherever. */
START_TEST(growth_is_reported)
{
	static struct report_reader reader;
	unsigned grown = 0;
	int fds[2], r;

	scratch_enter();
	MUST(pipe2(fds, O_NONBLOCK));
	options.report = fds[1];
	put_files(2 * UNPACK_GROWN + 1);
	ck_assert_int_eq(unpack_stream(), 0);
	close(fds[1]);
	reader.fd = fds[0];
	while ((r = report_receive(&reader)) >= 0)
		grown += r == 1 && reader.report.kind == REPORT_GROWN;
	ck_assert_int_eq(r, -ECONNRESET);
	ck_assert_uint_eq(grown, 2);
}
END_TEST

/* A monitor that does not hear it has gone. */
START_TEST(growth_cannot_be_reported)
{
	int r;

	scratch_enter();
	MUST(options.report = open("/dev/null", O_WRONLY));
	put_files(UNPACK_GROWN);
	begin_in_root();
	/* The first two are for the directory. */
	faults_begin_in("write", 3, EPIPE, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_int_eq(r, -EPIPE);
}
END_TEST

/*
 * unpack.h: before its content is read. The monitor may send the result now that the name is taken,
 * and the sender need not send the rest. Here the report fails, and the content never comes: who
 * reads on finds the stream's end instead.
 */
START_TEST(reported_before_its_content_is_read)
{
	scratch_enter();
	options.report = 1000; /* cannot be written to */
	if (_i == 0) {
		put_header(&(struct qfile_header){
			.namelen = 2, .mode = S_IFREG | 0644, .filelen = 10});
		put_bytes("a", 2);
	} else {
		put_script("d:a");
	}
	ck_assert_int_eq(unpack_stream(), -EBADF);
	ck_assert_str_eq(last, "a");
}
END_TEST

/*
 * What does not depend on which call of the process is the next one, with and without a writer.
 */
static void add_cases(Suite *suite, bool with_writer)
{
	const char *names[2][4] = {
		{"entries", "structure", "limits", "content"},
		{"entries, a writer", "structure, a writer", "limits, a writer",
		 "content, a writer"},
	};
	TCase *cases[4], *tcase, *order, *bound, *data;

	for (int i = 0; i < 4; i++) {
		cases[i] = add_case(suite, names[with_writer][i]);
		if (with_writer)
			tcase_add_checked_fixture(cases[i], start_writer, NULL);
	}
	tcase = cases[0], order = cases[1], bound = cases[2], data = cases[3];

	add_both_users_test(tcase, everything_as_it_was_sent);
	add_both_users_test(tcase, no_special_bits);
	tcase_add_test(tcase, access_times);
	add_table_test(tcase, times_in_all_centuries, times);
	add_table_test(tcase, any_pieces, pieces);
	tcase_add_test(tcase, deep);
	tcase_add_test(tcase, top_level_entries_are_reported);
	tcase_add_test(tcase, growth_is_reported);
	tcase_add_test(tcase, growth_cannot_be_reported);
	tcase_add_loop_test(tcase, reported_before_its_content_is_read, 0, 2);

	add_table_test(order, structure, structures);
	tcase_add_test(order, twice_changes_nothing);
	add_table_test(order, second_header_seals, sealed);
	tcase_add_test(order, read_only_tree);
	add_table_test(order, malformed_stream, malformed);

	add_table_test(bound, flag, flags);
	add_table_test(bound, limit, limits);
	tcase_add_test(bound, limit_of_bytes_does_not_wrap);
	add_table_test(bound, limit_comes_first, beyond_limit);
	add_table_test(bound, no_space, too_large);
	tcase_add_test(bound, unknown_space);

	add_table_test(data, content, sizes);
	add_table_test(data, holes, sparse);
	tcase_add_test(data, zeros_after_a_file);
}

Suite *unpack_suite(void)
{
	Suite *suite = suite_create("unpack");

	add_cases(suite, false);
	add_cases(suite, true);
	return suite;
}
