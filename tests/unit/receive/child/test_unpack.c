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
#include "receive/child/writer.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Streams ---- */

static struct {
	unsigned char *bytes;
	size_t length;
} stream;

static void put_bytes(const void *bytes, size_t size)
{
	stream.bytes = realloc(stream.bytes, stream.length + size + 1);
	ck_assert_ptr_nonnull(stream.bytes);
	memcpy(stream.bytes + stream.length, bytes, size);
	stream.length += size;
}

static void put_header(const struct qfile_header *header)
{
	unsigned char bytes[QFILE_HEADER_SIZE];

	qfile_header_encode(header, bytes);
	put_bytes(bytes, sizeof(bytes));
}

static void put_entry(uint32_t mode, const char *name, const void *data, size_t size)
{
	put_header(&(struct qfile_header){.namelen = (uint32_t)strlen(name) + 1,
					  .mode = mode,
					  .filelen = size,
					  .atime = 1000000001,
					  .atime_nsec = 5,
					  .mtime = 1000000002,
					  .mtime_nsec = 6});
	put_bytes(name, strlen(name) + 1);
	put_bytes(data, size);
}

static void put_end(void)
{
	put_header(&(struct qfile_header){.namelen = 0});
}

/*
 * Put what a script says: words "d:NAME", "f:NAME", "l:NAME:TARGET", ".", each an entry of mode
 * 0755, 0644, 0777 or the end. A mode may stand before the first colon: "d500:NAME". A file's
 * content is its name.
 */
static void put_script(const char *script)
{
	char *words = strdup(script), *rest = words, *word;

	while ((word = strsep(&rest, " "))) {
		char *name = strchr(word, ':'), *target;
		uint32_t mode;

		if (*word == '.') {
			put_end();
			continue;
		}
		*name++ = '\0';
		mode = (uint32_t)strtoul(word + 1, NULL, 8);
		switch (*word) {
		case 'd':
			put_entry(S_IFDIR | (word[1] ? mode : 0755), name, "", 0);
			break;
		case 'f':
			put_entry(S_IFREG | (word[1] ? mode : 0644), name, name, strlen(name));
			break;
		default:
			target = strchr(name, ':');
			*target++ = '\0';
			put_entry(S_IFLNK | 0777, name, target, strlen(target));
		}
	}
	free(words);
}

static struct qfile_received received;
static char last[QFILE_NAME_MAX];
static struct unpack_options options = {.report = -1, .limits = {UINT64_MAX, UINT64_MAX}};

/* As in the confined child: another thread writes what is not kept. */
static void start_writer(void)
{
	options.writer = writer_start();
	ck_assert_ptr_nonnull(options.writer);
}

/* Unpack the stream, sent in pieces of `piece` bytes, into the new directory "root". */
static int unpack_pieces(size_t piece)
{
	int r;

	make_dir("root");
	options.root = open_dir("root");
	options.in = feed(stream.bytes, stream.length, piece);
	r = unpack(&options, &received, last);
	close(options.root);
	close(options.in);
	return r;
}

static int unpack_stream(void)
{
	return unpack_pieces(65536);
}

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

static void check_file(const char *path, const unsigned char *expected, size_t size)
{
	unsigned char *got = malloc(size + 1);
	int fd = open(path, O_RDONLY);

	MUST(fd);
	ck_assert_int_eq(stream_read_full(fd, got, size + 1), (ssize_t)size);
	ck_assert_mem_eq(got, expected, size);
	close(fd);
	free(got);
}

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
	MUST(options.in = memfd_create("files", MFD_CLOEXEC));
	ck_assert_int_eq(write(options.in, stream.bytes, stream.length), (ssize_t)stream.length);
	MUST(lseek(options.in, 0, SEEK_SET));
	make_dir("root");
	options.root = open_dir("root");
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

/* ---- Every call fails once ---- */

#define LARGE (STREAM_BUFFER_SIZE + 20000)
#define CHAIN 35 /* a little more than lib/io/dirstack.c keeps descriptors for */

/*
 * A stream that comes by every call: a large file, holes, a directory that is sealed from
 * elsewhere, deep chains. Returns how many entries it has.
 */
static unsigned put_everything(unsigned chains)
{
	static unsigned char large[LARGE];

	memset(large, 'x', sizeof(large) / 2);
	put_script("d:d f:d/f l:d/l:f d:d/e f:d/e/deep f:d/back");
	put_entry(S_IFREG | 0600, "d/large", large, sizeof(large));
	put_script("d:other d:d d:other");
	/* The first chain is left level by level, the second all at once. */
	for (unsigned chain = 0; chain < chains; chain++) {
		char name[2 * CHAIN] = "";

		for (int depth = 0; depth < CHAIN; depth++) {
			snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s%c",
				 depth ? "/" : "", "cC"[chain]);
			put_entry(S_IFDIR | 0755, name, "", 0);
		}
		for (int depth = CHAIN; chain == 0 && depth > 0; depth--) {
			put_entry(S_IFDIR | 0755, name, "", 0);
			name[2 * (depth - 1) - (depth > 1)] = '\0';
		}
	}
	put_script("d:last .");
	return 9 + chains * CHAIN;
}

/*
 * From a file, again and again: a process for each time that writes it to a pipe would cost more
 * than all the rest.
 */
static void open_everything(void)
{
	MUST(options.in = memfd_create("everything", MFD_CLOEXEC));
	ck_assert_int_eq(write(options.in, stream.bytes, stream.length), (ssize_t)stream.length);
}

/* Unpack it with the `number`th call failing. Returns what unpack() does. */
static int unpack_with_fault(unsigned number, int error_number, bool lasting)
{
	unsigned before;
	int r;

	scratch_enter();
	make_dir("root");
	options.root = open_dir("root");
	options.report = open("/dev/null", O_WRONLY);
	MUST(lseek(options.in, 0, SEEK_SET));
	before = open_descriptors();
	faults_begin(number, error_number, lasting);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_msg(open_descriptors() == before, "call %u, %s: descriptors are left", number,
		      faults_failed());
	close(options.root);
	close(options.report);
	return r;
}

static bool whole(unsigned entries)
{
	struct stat status;

	return received.size.entries == entries && stat("root/d/large", &status) == 0 &&
	       status.st_size == LARGE && exists("root/d/e/deep") && exists("root/d/back") &&
	       exists("root/d/l") && mode_of("root/other") == 0755 && mode_of("root/d") == 0755;
}

/* What is asked for again instead. */
static bool goes_on(const char *call, int error_number)
{
	return error_number == EINTR && (strcmp(call, "read") == 0 || strcmp(call, "pwrite") == 0 ||
					 strcmp(call, "write") == 0 || strcmp(call, "poll") == 0);
}

/*
 * Is this what unpack() makes of it? A directory that may not be written to can have been sealed by
 * the stream itself.
 */
static bool acceptable(const char *call, int error_number, int r)
{
	if (strcmp(call, "aligned_alloc") == 0 || strcmp(call, "calloc") == 0 ||
	    strcmp(call, "reallocarray") == 0)
		return r == -ENOMEM;
	return r == -error_number || (error_number == EACCES && (r == -EINVAL || r == -EEXIST)) ||
	       (error_number == ENOENT && (r == -EINVAL || r == -EADDRNOTAVAIL));
}

static const int fault_errors[] = {EIO, EACCES, EINTR, ENOSPC, ENOENT};

START_TEST(every_call_fails)
{
	int error_number = fault_errors[_i];
	unsigned number = 1, entries = put_everything(error_number == EIO ? 2 : 0);

	options.timeout = HANGS;
	open_everything();
	for (;; number++) {
		int r = unpack_with_fault(number, error_number, false);
		const char *call = faults_failed();

		if (!call) {
			ck_assert_int_eq(r, 0);
			ck_assert(whole(entries));
			break;
		}
		/* Where it does not matter, nothing may be missing. */
		if (r == 0)
			ck_assert_msg((goes_on(call, error_number) || strcmp(call, "close") == 0) &&
					      whole(entries),
				      "call %u, %s", number, call);
		else
			ck_assert_msg(!goes_on(call, error_number) &&
					      acceptable(call, error_number, r),
				      "call %u, %s: %d", number, call, r);
	}
	ck_assert_uint_gt(number, 50);
}
END_TEST

/* As on a disk that is gone. */
START_TEST(every_call_from_one_on_fails)
{
	unsigned entries = put_everything(0), number = 0;
	int r;

	open_everything();
	do {
		r = unpack_with_fault(++number, EIO, true);
		ck_assert_msg(r < 0 || whole(entries), "call %u, %s", number, faults_failed());
	} while (faults_failed());
	ck_assert_int_eq(r, 0);
	ck_assert_uint_gt(number, 50);
}
END_TEST

/* ---- What disks have not ---- */

/* A disk that takes names for one, and wants each file synced. */
START_TEST(folding_disk)
{
	scratch_enter();
	options.folds = options.sync_each = true;
	put_script("d:d f:d/f d:d .");
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_str_eq(content_of("root/d/f"), "d/f");
}
END_TEST

static const struct {
	const char *call;
	int error, verdict;
} folded[] = {
	{"mkdirat", EEXIST, -ENOTUNIQ},
	{"mkdirat", EINVAL, -EADDRNOTAVAIL},
	{"fsync", EIO, -EIO},
	{"fsync", EINVAL, 0},
};

START_TEST(folding_disk_refuses)
{
	int r;

	scratch_enter();
	options.folds = options.sync_each = true;
	put_script("d:d f:d/f .");
	make_dir("root");
	options.root = open_dir("root");
	open_everything();
	MUST(lseek(options.in, 0, SEEK_SET));
	faults_begin_in(folded[_i].call, 1, folded[_i].error, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_str_eq(faults_failed(), folded[_i].call);
	ck_assert_int_eq(r, folded[_i].verdict);
}
END_TEST

static const struct {
	int error, verdict;
} growing[] = {{EPERM, 0}, {EINVAL, 0}, {EFBIG, -EFBIG}};

/* ---- Stable storage ---- */

static const struct {
	unsigned files; /* in a directory, */
	uint64_t bytes; /* and one more with so many, if any */
	int error;      /* of the first fsync(); 0: none */
	int result;
	unsigned synced;
} few[] = {
	{1, 0, 0, 0, 2},
	{UNPACK_SYNCED_MAX - 1, 0, 0, 0, UNPACK_SYNCED_MAX},
	{UNPACK_SYNCED_MAX, 0, 0, 0, 0},
	{3 * UNPACK_SYNCED_MAX, 0, 0, 0, 0},
	{1, UNPACK_SYNCED_BYTES - 1, 0, 0, 3},
	{1, UNPACK_SYNCED_BYTES, 0, 0, 0},
	{1, 0, EIO, -EIO, 1},
	{1, 0, EINVAL, 0, 2},
};

/* Few entries are synced here, and many are left to the monitor. No descriptor stays open. */
START_TEST(few_are_synced)
{
	unsigned before, calls;
	char name[32], *large;
	int r;

	scratch_enter();
	put_entry(S_IFDIR | 0755, "d", "", 0);
	for (unsigned i = 0; i < few[_i].files; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	if (few[_i].bytes > 0) {
		large = calloc(1, few[_i].bytes);
		put_entry(S_IFREG | 0644, "d/large", large, few[_i].bytes);
		free(large);
	}
	put_entry(S_IFDIR | 0755, "d", "", 0);
	put_end();
	make_dir("root");
	options.root = open_dir("root");
	open_everything();
	MUST(lseek(options.in, 0, SEEK_SET));
	before = open_descriptors();
	faults_begin_in("fsync", few[_i].error ? 1 : 0, few[_i].error, false);
	r = unpack(&options, &received, last);
	calls = faults_end();
	ck_assert_int_eq(r, few[_i].result);
	ck_assert_uint_eq(calls, few[_i].synced);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert(unpack_synced(&received.size) == (few[_i].synced > 0));
}
END_TEST

static void begin_in_root(void)
{
	make_dir("root");
	options.root = open_dir("root");
	open_everything();
	MUST(lseek(options.in, 0, SEEK_SET));
}

/* A directory is synced once, however often it ends. */
START_TEST(directory_ends_often)
{
	unsigned before;

	scratch_enter();
	for (unsigned i = 0; i < 5 * UNPACK_SYNCED_MAX; i++)
		put_entry(S_IFDIR | 0755, "d", "", 0);
	put_entry(S_IFREG | 0644, "d/f", "x", 1);
	put_end();
	begin_in_root();
	before = open_descriptors();
	faults_begin_in("fsync", 0, 0, false);
	ck_assert_int_eq(unpack(&options, &received, last), 0);
	ck_assert_uint_eq(faults_end(), 2);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* What a disk says when a file is closed is heard, also where files were kept open first. */
START_TEST(lost_at_closing)
{
	char name[32];
	int r;

	scratch_enter();
	for (unsigned i = 0; i <= UNPACK_SYNCED_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	put_end();
	begin_in_root();
	faults_begin_in("close", 1 + (unsigned)_i, EIO, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_str_eq(faults_failed(), "close");
	ck_assert_int_eq(r, -EIO);
}
END_TEST

/* Unpack, and return how many reports say that something is not synced: after all others. */
static unsigned reports_of_unsynced(unsigned failing, int calls)
{
	static struct report_reader reader;
	unsigned unsynced = 0;
	int fds[2], r;

	MUST(pipe2(fds, O_NONBLOCK));
	options.report = fds[1];
	begin_in_root();
	faults_begin_in("fsync", failing, EINVAL, false);
	ck_assert_int_eq(unpack(&options, &received, last), 0);
	ck_assert_int_eq((int)faults_end(), calls);
	close(fds[1]);
	reader = (struct report_reader){.fd = fds[0]};
	while ((r = report_receive(&reader)) >= 0) {
		if (r == 1)
			ck_assert_uint_eq(unsynced, 0);
		unsynced += r == 1 && reader.report.kind == REPORT_UNSYNCED;
	}
	ck_assert_int_eq(r, -ECONNRESET);
	return unsynced;
}

/*
 * Where a file has no sync of its own, the monitor is told, once, after all else; else it is not.
 */
START_TEST(unsynced_is_reported)
{
	scratch_enter();
	put_script("f:a f:b .");
	ck_assert_uint_eq(reports_of_unsynced(_i ? 1 : 0, 2), _i ? 1 : 0);
}
END_TEST

/* A file that ends in a hole, where no file can be made longer. */
START_TEST(disk_without_growing)
{
	static unsigned char expected[3 * 4096];
	int r;

	scratch_enter();
	memset(expected, 'x', 4096);
	put_entry(S_IFREG | 0644, "f", expected, sizeof(expected));
	put_end();
	make_dir("root");
	options.root = open_dir("root");
	open_everything();
	MUST(lseek(options.in, 0, SEEK_SET));
	faults_begin_in("ftruncate", 1, growing[_i].error, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_int_eq(r, growing[_i].verdict);
	if (r == 0)
		check_file("root/f", expected, sizeof(expected));
}
END_TEST

/* ---- With a writer ---- */

/* What the writer meets comes before what the parser finds wrong meanwhile. */
START_TEST(earlier_failure_is_told)
{
	char name[32];

	scratch_enter();
	start_writer();
	for (unsigned i = 0; i < UNPACK_SYNCED_MAX + 3; i++) {
		snprintf(name, sizeof(name), "%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	put_entry(S_IFREG | 0644, "../out", "x", 1);
	begin_in_root();
	/* The second file behind those that are kept. */
	faults_begin_in("futimens", UNPACK_SYNCED_MAX + 2, EIO, false);
	ck_assert_int_eq(unpack(&options, &received, last), -EIO);
	faults_end();
	ck_assert_str_eq(last, "17");
	ck_assert_str_eq(content_of("root/18"), "");
}
END_TEST

/*
 * The mode of a directory comes when its files are complete, if nobody can pass through the
 * directory then: what fails of them keeps it from coming.
 */
static const struct {
	const char *script;
	mode_t mode; /* that the directory has in the end */
} sealings[] = {
	{"d:d f:d/f d000:d .", 0700},
	{"d:d f:d/f d600:d .", 0700},
	{"d:d d:d/e f:d/e/f d:d/e d000:d .", 0700},
	{"d:d f:d/f d500:d .", 0500},
};

START_TEST(files_come_before_a_seal)
{
	struct stat status;

	scratch_enter();
	start_writer();
	options.sync_each = true; /* so that none is kept */
	put_script(sealings[_i].script);
	begin_in_root();
	faults_begin_in("pwrite", 1, EIO, false);
	ck_assert_int_eq(unpack(&options, &received, last), -EIO);
	faults_end();
	ck_assert_str_eq(last + strlen(last) - 2, "/f");
	MUST(stat("root/d", &status));
	ck_assert_uint_eq(status.st_mode & 0777, sealings[_i].mode);
}
END_TEST

/* The stream ends within the content of a file of which the writer has the beginning. */
START_TEST(unfinished_file_is_closed)
{
	static unsigned char bytes[3 * STREAM_BUFFER_SIZE];
	unsigned before;

	scratch_enter();
	start_writer();
	memset(bytes, 'x', sizeof(bytes));
	put_header(&(struct qfile_header){
		.namelen = 2, .mode = S_IFREG | 0644, .filelen = UNPACK_SYNCED_BYTES + 1});
	put_bytes("f", 2);
	put_bytes(bytes, sizeof(bytes));
	begin_in_root();
	before = open_descriptors();
	ck_assert_int_eq(unpack(&options, &received, last), -QFILE_ETRUNCATED);
	ck_assert_str_eq(last, "f");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* The same by the writer. */
START_TEST(writer_reports_unsynced)
{
	scratch_enter();
	start_writer();
	options.sync_each = true;
	put_script("f:a f:b f:c .");
	ck_assert_uint_eq(reports_of_unsynced(_i ? 2 : 0, 3), _i ? 1 : 0);
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
	TCase *faulty = add_case(suite, "faults"), *disks = add_case(suite, "disks"),
	      *threads = add_case(suite, "writer");

	add_cases(suite, false);
	add_cases(suite, true);

	add_table_test(faulty, every_call_fails, fault_errors);
	tcase_add_test(faulty, every_call_from_one_on_fails);

	tcase_add_test(disks, folding_disk);
	add_table_test(disks, folding_disk_refuses, folded);
	add_table_test(disks, few_are_synced, few);
	tcase_add_test(disks, directory_ends_often);
	tcase_add_loop_test(disks, unsynced_is_reported, 0, 2);
	tcase_add_loop_test(disks, lost_at_closing, 0, UNPACK_SYNCED_MAX + 1);
	add_table_test(disks, disk_without_growing, growing);

	tcase_add_test(threads, earlier_failure_is_told);
	add_table_test(threads, files_come_before_a_seal, sealings);
	tcase_add_test(threads, unfinished_file_is_closed);
	tcase_add_loop_test(threads, writer_reports_unsynced, 0, 2);
	return suite;
}
