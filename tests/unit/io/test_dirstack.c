/*
 * The open directories from a tree's top to where we are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "io/dirstack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Where the window of open descriptors ends: the deepest 33 directories are open, an error in
 * counting by one is none.
 */
#define WINDOW 34

/* Enter a directory by its path. */
static int push_path(struct dirstack *stack, const char *path, const char *name, bool followed)
{
	struct stat status;
	int fd = open_dir(path);

	MUST(fstat(fd, &status));
	return dirstack_push(stack, name, strlen(name), fd, &status,
			     followed ? DIRSTACK_BY_LINK : DIRSTACK_BY_NAME);
}

/* Enter `name` in the deepest directory. */
static void push_below(struct dirstack *stack, const char *name)
{
	struct stat status;
	int fd = openat(dirstack_fd(stack), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	MUST(fd);
	MUST(fstat(fd, &status));
	ck_assert_int_eq(dirstack_push(stack, name, strlen(name), fd, &status, DIRSTACK_BY_NAME),
			 0);
}

static ino_t inode(int fd)
{
	struct stat status;

	MUST(fstat(fd, &status));
	return status.st_ino;
}

START_TEST(paths)
{
	static struct dirstack stack;
	ino_t a, b;
	int fd;

	scratch_enter();
	make_dir("a");
	make_dir("a/b");
	dirstack_init(&stack);
	ck_assert_int_eq(push_path(&stack, ".", "", false), 0);
	ck_assert_str_eq(stack.path, "");
	push_below(&stack, "a");
	ck_assert_str_eq(stack.path, "a");
	a = inode(dirstack_fd(&stack));
	push_below(&stack, "b");
	ck_assert_str_eq(stack.path, "a/b");
	ck_assert_uint_eq(stack.pathlen, 3);
	b = inode(dirstack_fd(&stack));

	MUST(fd = dirstack_pop(&stack));
	ck_assert_uint_eq(inode(fd), b);
	close(fd);
	ck_assert_str_eq(stack.path, "a");
	ck_assert_uint_eq(stack.pathlen, 1);
	ck_assert_uint_eq(inode(dirstack_fd(&stack)), a);
	push_below(&stack, "b");
	ck_assert_str_eq(stack.path, "a/b");
	dirstack_close(&stack);
	ck_assert_uint_eq(stack.depth, 0);
}
END_TEST

START_TEST(contains)
{
	static struct dirstack stack;
	struct stat status;

	scratch_enter();
	make_dir("a");
	make_dir("a/b");
	make_dir("c");
	dirstack_init(&stack);
	MUST(stat("a", &status));
	ck_assert(!dirstack_contains(&stack, &status));
	push_path(&stack, "a", "a", false);
	push_below(&stack, "b");
	ck_assert(dirstack_contains(&stack, &status));
	MUST(stat("a/b", &status));
	ck_assert(dirstack_contains(&stack, &status));
	MUST(stat("c", &status));
	ck_assert(!dirstack_contains(&stack, &status));
	/* The same number on another device is another directory. */
	MUST(stat("a", &status));
	status.st_dev++;
	ck_assert(!dirstack_contains(&stack, &status));
	close(dirstack_pop(&stack));
	MUST(stat("a/b", &status));
	ck_assert(!dirstack_contains(&stack, &status));
	dirstack_close(&stack);
}
END_TEST

/*
 * 200 deep and back: few descriptors at any time, and on the way back the directories that were
 * there on the way in.
 */
START_TEST(window)
{
	static struct dirstack stack;
	unsigned before;
	ino_t inodes[201];

	scratch_enter();
	make_deep(open_dir("."), "d", 200);
	dirstack_init(&stack);
	before = open_descriptors();
	push_path(&stack, ".", "top", false);
	for (unsigned i = 0; i < 200; i++) {
		inodes[i] = inode(dirstack_fd(&stack));
		push_below(&stack, "d");
		ck_assert_msg(open_descriptors() - before <= WINDOW, "%u deep: %u descriptors", i,
			      open_descriptors() - before);
	}
	ck_assert_uint_eq(strlen(stack.path), 3 + 200 * 2);
	for (unsigned i = 200; i-- > 0;) {
		int fd = dirstack_pop(&stack);

		ck_assert_msg(fd >= 0, "back to %u: %d", i, fd);
		close(fd);
		ck_assert_msg(inode(dirstack_fd(&stack)) == inodes[i],
			      "back to %u: another directory", i);
		ck_assert_msg(open_descriptors() - before <= WINDOW, "back to %u: %u descriptors",
			      i, open_descriptors() - before);
	}
	ck_assert_str_eq(stack.path, "top");
	dirstack_close(&stack);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* Closed in the middle, it closes what is open and nothing else. */
START_TEST(close_when_deep)
{
	static struct dirstack stack;
	unsigned before;

	scratch_enter();
	make_deep(open_dir("."), "d", 100);
	before = open_descriptors();
	dirstack_init(&stack);
	push_path(&stack, ".", "top", false);
	for (unsigned i = 0; i < 100; i++)
		push_below(&stack, "d");
	dirstack_close(&stack);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* Go so deep that directories far up are closed, move one of them away, and come back to it. */
static void come_to_what_moved_away(struct dirstack *stack)
{
	scratch_enter();
	make_deep(open_dir("."), "d", 60);
	make_dir("elsewhere");
	dirstack_init(stack);
	push_path(stack, ".", "top", false);
	for (unsigned i = 0; i < 60; i++)
		push_below(stack, "d");
	MUST(rename("d/d/d", "elsewhere/d"));
	while (stack->depth > 4) { /* top, d, d, and the one that moved */
		int fd = dirstack_pop(stack);

		ck_assert_msg(fd >= 0, "%zu deep: %d", stack->depth, fd);
		close(fd);
	}
}

START_TEST(moved_away)
{
	static struct dirstack stack;

	come_to_what_moved_away(&stack);
	ck_assert_int_eq(dirstack_pop(&stack), -ESTALE);
	dirstack_close(&stack);
}
END_TEST

/* Asked again it must not come to the wrong directory either. */
START_TEST(moved_away_for_good)
{
	static struct dirstack stack;

	come_to_what_moved_away(&stack);
	ck_assert_int_eq(dirstack_pop(&stack), -ESTALE);
	ck_assert_int_lt(dirstack_pop(&stack), 0);
	dirstack_close(&stack);
}
END_TEST

/* Behind a link ".." leads elsewhere: the way back must stay open. */
START_TEST(way_back_from_a_link)
{
	static struct dirstack stack;
	ino_t here;

	scratch_enter();
	make_dir("here");
	make_dir("there");
	make_deep(open_dir("there"), "d", 50);
	make_link("here/link", "../there");
	dirstack_init(&stack);
	push_path(&stack, ".", "", false); /* the first stays open anyway */
	push_below(&stack, "here");
	here = inode(dirstack_fd(&stack));
	ck_assert_int_eq(push_path(&stack, "here/link", "link", true), 0);
	for (unsigned i = 0; i < 50; i++)
		push_below(&stack, "d");
	ck_assert_msg(strncmp(stack.path, "here/link/d/d", 13) == 0, "%s", stack.path);
	while (stack.depth > 2) {
		int fd = dirstack_pop(&stack);

		ck_assert_msg(fd >= 0, "%zu deep: %d", stack.depth, fd);
		close(fd);
	}
	ck_assert_uint_eq(inode(dirstack_fd(&stack)), here);
	dirstack_close(&stack);
}
END_TEST

/*
 * Each link keeps a descriptor: there is an end to it, and after leaving some there is room again.
 */
START_TEST(links_in_links)
{
	static struct dirstack stack;
	unsigned before, taken = 0, again = 0;
	int r;

	scratch_enter();
	make_dir("a");
	dirstack_init(&stack);
	before = open_descriptors();
	push_path(&stack, ".", "top", false);
	while ((r = push_path(&stack, "a", "l", true)) == 0 && taken < 1000)
		taken++;
	ck_assert_int_eq(r, -ELOOP);
	ck_assert_uint_ge(taken, 40); /* what the kernel follows in one path */
	ck_assert_uint_le(open_descriptors() - before, taken + WINDOW);
	ck_assert_uint_eq(stack.depth, taken + 1);
	for (unsigned i = 0; i < 10; i++)
		close(dirstack_pop(&stack));
	while ((r = push_path(&stack, "a", "l", true)) == 0 && again < 1000)
		again++;
	ck_assert_int_eq(r, -ELOOP);
	ck_assert_uint_eq(again, 10);
	dirstack_close(&stack);
	/* Those that were refused were closed, too. */
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(longest_path)
{
	static struct dirstack stack;
	char name[256];
	unsigned before;

	scratch_enter();
	memset(name, 'n', 255);
	name[255] = '\0';
	before = open_descriptors();
	dirstack_init(&stack);
	for (unsigned i = 0; i < 63; i++) /* 63 * 256 - 1 = 16127 bytes */
		ck_assert_int_eq(push_path(&stack, ".", name, false), 0);
	ck_assert_uint_eq(stack.pathlen, 16127);
	/* 16383 is one too many: the NUL counts. */
	ck_assert_int_eq(push_path(&stack, ".", name, false), -ENAMETOOLONG);
	ck_assert_uint_eq(stack.depth, 63);
	ck_assert_uint_eq(stack.pathlen, 16127);
	name[254] = '\0';
	ck_assert_int_eq(push_path(&stack, ".", name, false), 0);
	ck_assert_uint_eq(strlen(stack.path), 16382);
	ck_assert_int_eq(push_path(&stack, ".", "n", false), -ENAMETOOLONG);
	dirstack_close(&stack);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static rlim_t descriptors_to_be_had(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

Suite *dirstack_suite(void)
{
	Suite *suite = suite_create("dirstack");
	TCase *tcase = add_case(suite, "dirstack");

	tcase_add_test(tcase, paths);
	tcase_add_test(tcase, contains);
	tcase_add_test(tcase, window);
	tcase_add_test(tcase, close_when_deep);
	tcase_add_test(tcase, moved_away);
	tcase_add_test(tcase, moved_away_for_good);
	tcase_add_test(tcase, way_back_from_a_link);
	tcase_add_test(tcase, longest_path);
	tcase = add_case_if(suite, "many descriptors", descriptors_to_be_had() > 128,
			    "so few descriptors can be open here");
	tcase_add_test(tcase, links_in_links);
	return suite;
}
