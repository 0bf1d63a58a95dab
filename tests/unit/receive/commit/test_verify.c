/*
 * What the child left, seen to again: an honest tree passes, one of the sender's own making does
 * not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "receive/commit/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ALL_LAYERS ~0u

static struct staging staging;
static struct qfile_error error;
static struct cancel never = {.stop = -1, .deadline = INT64_MAX};

static void begin(int way)
{
	scratch_enter_as(way);
	make_dir("in");
	ck_assert_int_eq(staging_create(&staging, open_dir("in")), 0);
	MUST(chdir("in"));
	MUST(chdir(staging.name));
	MUST(chdir(STAGING_TREE));
}

static void make_honest_tree(void)
{
	make_dir("d");
	make_file("d/file", "x");
	make_dir("d/sub");
	make_link("d/sub/link", "../file");
	make_file("top", "x");
}

#define HONEST_ENTRIES 5

START_TEST(an_honest_tree)
{
	begin(_i);
	make_honest_tree();
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES, &never, &error), 0);
	ck_assert_int_eq(verify(&staging, 0, 0, HONEST_ENTRIES, &never, &error), 0);
}
END_TEST

/* It is looked at, and nobody sees that. */
START_TEST(times_stay)
{
	static const char *const paths[] = {"d", "d/file", "d/sub", "d/sub/link", "top"};
	const struct timespec times[2] = {{1500000000, 7}, {1600000000, 8}};

	begin(_i);
	make_honest_tree();
	for (size_t i = COUNT(paths); i-- > 0;)
		MUST(utimensat(AT_FDCWD, paths[i], times, AT_SYMLINK_NOFOLLOW));
	MUST(chmod("d/sub", 0));
	ck_assert_int_eq(verify(&staging, 0, 0, HONEST_ENTRIES, &never, &error), 0);
	MUST(chmod("d/sub", 0700));
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct stat status;

		MUST(lstat(paths[i], &status));
		ck_assert_msg(memcmp(&status.st_atim, &times[0], sizeof(times[0])) == 0,
			      "%s: access time", paths[i]);
		ck_assert_msg(memcmp(&status.st_mtim, &times[1], sizeof(times[1])) == 0,
			      "%s: modification time", paths[i]);
	}
}
END_TEST

START_TEST(an_empty_tree)
{
	begin(_i);
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, 0, &never, &error), 0);
}
END_TEST

START_TEST(another_number_of_entries)
{
	begin(0);
	make_honest_tree();
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES - 1, &never, &error),
			 -EPROTO);
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES + 1, &never, &error),
			 -EPROTO);
}
END_TEST

/* What no honest child makes. */
static void make_fifo(void)
{
	MUST(mkfifo("d/bad", 0600));
}

static void make_socket(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "d/bad"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	MUST(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
	close(fd);
}

static void make_link_out(void)
{
	make_link("d/bad", "../../outside");
}

static void make_link_to_root(void)
{
	make_link("d/bad", "/etc/passwd");
}

static void make_top_link(void)
{
	make_link("bad", "d");
}

static void make_link_to_control(void)
{
	make_link("d/bad", "a\033b");
}

static void make_control(void)
{
	make_file("d/b\033d", "x");
}

static void make_invalid_utf8(void)
{
	make_dir("d/b\377d");
}

static void make_staging_name(void)
{
	make_dir(QFILE_STAGING_PREFIX "0123456789abcdef");
}

static const struct {
	const char *label;
	void (*make)(void);
	unsigned lifted; /* the flag that allows it; 0: none does */
} dishonest[] = {
	{"fifo", make_fifo, 0},
	{"socket", make_socket, 0},
	{"link out of its top-level entry", make_link_out, QFILE_ALLOW_UNSAFE_LINKS},
	{"absolute link", make_link_to_root, QFILE_ALLOW_UNSAFE_LINKS},
	{"top-level link", make_top_link, QFILE_ALLOW_UNSAFE_LINKS},
	{"control character in a link's target", make_link_to_control, QFILE_ALLOW_ALL_NAMES},
	{"control character in a name", make_control, QFILE_ALLOW_ALL_NAMES},
	{"no UTF-8", make_invalid_utf8, QFILE_ALLOW_ALL_NAMES},
	{"a name of the receiver's own", make_staging_name, 0},
};

START_TEST(a_dishonest_tree)
{
	unsigned flags = dishonest[_i].lifted;

	begin(0);
	make_honest_tree();
	dishonest[_i].make();
	ck_assert_msg(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES + 1, &never, &error) == -EPERM,
		      "%s", dishonest[_i].label);
	ck_assert_msg(error.name[0] != '\0' && error.name[0] != '/', "%s: \"%s\"",
		      dishonest[_i].label, error.name);
	/* The other option is of no use; its own lifts it. */
	ck_assert_msg(verify(&staging, flags ^ (QFILE_ALLOW_ALL_NAMES | QFILE_ALLOW_UNSAFE_LINKS),
			     ALL_LAYERS, HONEST_ENTRIES + 1, &never, &error) == -EPERM,
		      "%s", dishonest[_i].label);
	if (flags)
		ck_assert_msg(verify(&staging, flags, ALL_LAYERS, HONEST_ENTRIES + 1, &never,
				     &error) == 0,
			      "%s", dishonest[_i].label);
}
END_TEST

static const mode_t special_modes[] = {04755, 02755, 01755, 07777};

START_TEST(special_bits)
{
	static const char *const paths[] = {"d/file", "d/sub", "top", "d"};

	for (size_t i = 0; i < COUNT(paths); i++) {
		begin(0);
		make_honest_tree();
		MUST(chmod(paths[i], special_modes[_i]));
		/* Not looked for where the child had no call that sets them. */
		ck_assert_int_eq(
			verify(&staging, 0, QFILE_LAYER_SYSCALLS, HONEST_ENTRIES, &never, &error),
			0);
		ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS & ~QFILE_LAYER_SYSCALLS,
					HONEST_ENTRIES, &never, &error),
				 -EPERM);
		ck_assert_str_eq(error.name, paths[i]);
	}
}
END_TEST

START_TEST(two_names_for_one_file)
{
	begin(0);
	make_honest_tree();
	MUST(link("top", "d/another"));
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS & ~QFILE_LAYER_SYSCALLS, HONEST_ENTRIES + 1,
				&never, &error),
			 -EPERM);
}
END_TEST

/* A directory that its owner may not read or enter is looked into, and sealed again. */
static const mode_t sealed_modes[] = {0000, 0100, 0200, 0300, 0400, 0077, 0500, 0555, 0700};

START_TEST(sealed_directories)
{
	mode_t mode = sealed_modes[_i / 2];

	begin(_i % 2);
	make_honest_tree();
	MUST(chmod("d/sub", mode));
	MUST(chmod("d", mode));
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES, &never, &error), 0);
	ck_assert_uint_eq(mode_of("d"), mode);
	MUST(chmod("d", 0700));
	ck_assert_uint_eq(mode_of("d/sub"), mode);
}
END_TEST

START_TEST(sealed_directories_hide_nothing)
{
	mode_t mode = sealed_modes[_i / 2];

	begin(_i % 2);
	make_honest_tree();
	make_link("d/sub/bad", "/etc");
	MUST(chmod("d/sub", mode));
	MUST(chmod("d", mode));
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, HONEST_ENTRIES + 1, &never, &error),
			 -EPERM);
	ck_assert_str_eq(error.name, "d/sub/bad");
}
END_TEST

START_TEST(a_deep_tree)
{
	unsigned before;

	begin(0);
	before = open_descriptors();
	make_deep(staging.tree, "d", 4000);
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, 4001, &never, &error), 0);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* Deeper than any name in a stream can be. */
START_TEST(a_tree_too_deep)
{
	begin(0);
	make_deep(staging.tree, "d", 9000);
	ck_assert_int_eq(verify(&staging, 0, ALL_LAYERS, 9001, &never, &error), -ENAMETOOLONG);
}
END_TEST

Suite *verify_suite(void)
{
	Suite *suite = suite_create("verify");
	TCase *honest = add_case(suite, "honest"), *other = add_case(suite, "dishonest");

	add_both_users_test(honest, an_honest_tree);
	add_both_users_test(honest, times_stay);
	add_both_users_test(honest, an_empty_tree);
	tcase_add_loop_test(honest, sealed_directories, 0, 2 * (int)COUNT(sealed_modes));
	tcase_add_test(honest, a_deep_tree);
	tcase_add_test(other, another_number_of_entries);
	add_table_test(other, a_dishonest_tree, dishonest);
	add_table_test(other, special_bits, special_modes);
	tcase_add_test(other, two_names_for_one_file);
	tcase_add_loop_test(other, sealed_directories_hide_nothing, 0,
			    2 * (int)COUNT(sealed_modes));
	tcase_add_test(other, a_tree_too_deep);
	return suite;
}
