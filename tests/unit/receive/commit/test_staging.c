/*
 * Staging directories: made, locked, taken over, removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "faults.h"
#include "unit.h"

#include "receive/commit/staging.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Is the directory locked by somebody else? */
static bool locked(const char *name)
{
	int fd = open_dir(name);
	bool is = flock(fd, LOCK_EX | LOCK_NB) < 0;

	close(fd);
	return is;
}

START_TEST(create)
{
	struct staging staging, second;
	int incoming;

	scratch_enter_as(_i);
	incoming = open_dir(".");
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	ck_assert_uint_eq(strlen(staging.name), strlen(QFILE_STAGING_PREFIX) + 16);
	ck_assert_int_eq(strncmp(staging.name, QFILE_STAGING_PREFIX, strlen(QFILE_STAGING_PREFIX)),
			 0);
	ck_assert_uint_eq(strspn(staging.name + strlen(QFILE_STAGING_PREFIX), "0123456789abcdef"),
			  16);
	ck_assert_str_eq(names_in("."), staging.name);
	ck_assert_uint_eq(mode_of(staging.name), STAGING_MODE);
	ck_assert_str_eq(names_in(staging.name), STAGING_TREE);
	ck_assert_int_eq(faccessat(staging.tree, ".", W_OK, 0), 0);
	ck_assert(locked(staging.name));
	/* No program that we start may hold the lock or see the tree. */
	ck_assert_int_ne(fcntl(staging.dir, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_ne(fcntl(staging.tree, F_GETFD) & FD_CLOEXEC, 0);

	ck_assert_int_eq(staging_create(&second, incoming), 0);
	ck_assert_str_ne(staging.name, second.name);
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("."), second.name);
	ck_assert_int_eq(staging_remove(&second), 0);
	ck_assert_str_eq(names_in("."), "");
}
END_TEST

/* Before anything is read: a disk that cannot be synced is refused. */
START_TEST(create_where_nothing_can_be_synced)
{
	static const int unknown[] = {EINVAL, EPERM, ENOSYS, EOPNOTSUPP};
	struct staging staging;
	int incoming, r;

	scratch_enter();
	incoming = open_dir(".");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		faults_begin_in("syncfs", 1, unknown[i], true);
		r = staging_create(&staging, incoming);
		faults_end();
		ck_assert_int_eq(r, -EOPNOTSUPP);
		ck_assert_str_eq(staging.lacks, "it cannot promise that what is written reaches "
						"the disk");
		ck_assert_str_eq(names_in("."), "");
	}
}
END_TEST

/* Both ways of renaming are tried. */
START_TEST(create_without_renameat2)
{
	static const int unknown[] = {EINVAL, EPERM, ENOSYS, EOPNOTSUPP};
	struct staging staging;
	int incoming, r;

	scratch_enter();
	incoming = open_dir(".");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		faults_begin_in("renameat2", 1, unknown[i], true);
		r = staging_create(&staging, incoming);
		faults_end();
		ck_assert_int_eq(r, 0);
		ck_assert(staging.flagless);
		ck_assert_int_eq(staging_remove(&staging), 0);
	}
}
END_TEST

/* What is not kept, or cannot be seen to be, is known before anything is read. */
START_TEST(create_where_not_all_is_kept)
{
	static const struct {
		const char *failing;
		unsigned from_last, lost;
	} disks[] = {
		{"fchmod", 0, QFILE_LOST_MODES},
		{"fchmod", 1, QFILE_LOST_MODES},
		{"futimens", 0, QFILE_LOST_TIMES},
	};
	struct staging staging;
	unsigned calls;
	int incoming, r;

	scratch_enter();
	incoming = open_dir(".");
	for (size_t i = 0; i < sizeof(disks) / sizeof(*disks); i++) {
		faults_begin_in(disks[i].failing, 0, 0, false);
		ck_assert_int_eq(staging_create(&staging, incoming), 0);
		calls = faults_end();
		ck_assert_uint_eq(staging.lost, 0);
		ck_assert_int_eq(staging_remove(&staging), 0);
		faults_begin_in(disks[i].failing, calls - disks[i].from_last, EPERM, false);
		r = staging_create(&staging, incoming);
		faults_end();
		ck_assert_int_eq(r, 0);
		ck_assert_uint_eq(staging.lost, disks[i].lost);
		ck_assert_int_eq(staging_remove(&staging), 0);
	}
}
END_TEST

START_TEST(create_where_nobody_may)
{
	struct staging staging;
	int incoming;

	scratch_enter_plain();
	make_dir("in");
	incoming = open_dir("in");
	MUST(chmod("in", 0500));
	ck_assert_int_eq(staging_create(&staging, incoming), -EACCES);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

/* A default ACL would be handed down to what is delivered, and change its modes. */
START_TEST(create_sheds_default_acl)
{
	/*
	 * The kernel's form: version 2, then tag, permissions and number of owner, group and
	 * others.
	 */
	static const unsigned char acl[] = {2,   0,   0, 0, 1,   0,   7,   0,   255, 255,
					    255, 255, 4, 0, 0,   0,   255, 255, 255, 255,
					    32,  0,   0, 0, 255, 255, 255, 255};
	struct staging staging;
	int incoming;

	scratch_enter();
	incoming = open_dir(".");
	if (fsetxattr(incoming, "system.posix_acl_default", acl, sizeof(acl), 0) < 0) {
		ck_assert_int_eq(errno, EOPNOTSUPP); /* a file system without them has no problem */
		return;
	}
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	ck_assert_int_eq(fgetxattr(staging.tree, "system.posix_acl_default", NULL, 0), -1);
	ck_assert_int_eq(errno, ENODATA);
	MUST(openat(staging.tree, "f", O_WRONLY | O_CREAT, 0666));
	MUST(chdir(staging.name));
	ck_assert_uint_eq(mode_of("tree/f"), 0644); /* by the umask alone */
	ck_assert_int_eq(staging_remove(&staging), 0);
}
END_TEST

/* ---- Taking over ---- */

#define OLD QFILE_STAGING_PREFIX "0123456789abcdef"

static void make_staging(const char *name)
{
	make_dir(name);
	MUST(chmod(name, STAGING_MODE));
}

static void left_free(void)
{
	make_staging(OLD);
}

static void left_locked(void)
{
	make_staging(OLD);
	flock(open_dir(OLD), LOCK_EX);
}

static void left_as_file(void)
{
	make_file(OLD, "");
}

static void left_as_link(void)
{
	make_dir("target");
	make_link(OLD, "target");
}

static void left_as_fifo(void)
{
	MUST(mkfifo(OLD, 0600));
}

/* What a sender could plant, were its name not refused. */
static void left_without_sticky_bit(void)
{
	make_dir(OLD);
	make_file(OLD "/f", "");
}

static void other_name(void)
{
	make_staging("qfile-incoming-0123456789abcdef");
}

static void long_name(void)
{
	make_staging(OLD "0");
}

static void not_there(void)
{
}

static const struct {
	const char *label;
	void (*make)(void);
	const char *name;
	int verdict;
} leftovers[] = {
	{"free", left_free, OLD, 0},
	{"locked", left_locked, OLD, -EAGAIN},
	{"a file", left_as_file, OLD, -ENOTDIR},
	{"a link to a directory", left_as_link, OLD, -ENOTDIR},
	{"a fifo", left_as_fifo, OLD, -ENOTDIR},
	{"no sticky bit", left_without_sticky_bit, OLD, -ENOTDIR},
	{"another name", other_name, "qfile-incoming-0123456789abcdef", -ENOTDIR},
	{"a longer name", long_name, OLD "0", -ENOTDIR},
	{"gone", not_there, OLD, -ENOENT},
};

START_TEST(adopt)
{
	struct staging staging;
	unsigned before;
	int incoming, r;

	scratch_enter_as(0);
	leftovers[_i].make();
	incoming = open_dir(".");
	before = open_descriptors();
	r = staging_adopt(&staging, incoming, leftovers[_i].name);
	ck_assert_msg(r == leftovers[_i].verdict, "%s: %d", leftovers[_i].label, r);
	if (r < 0) {
		ck_assert_msg(open_descriptors() == before, "%s: a descriptor stayed open",
			      leftovers[_i].label);
		return;
	}
	ck_assert(locked(OLD));
	staging_close(&staging);
	ck_assert(!locked(OLD));
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(adopt_and_remove)
{
	struct staging staging;
	int incoming;

	scratch_enter_as(_i);
	make_staging(OLD);
	make_dir(OLD "/tree");
	make_file(OLD "/tree/f", "x");
	make_link(OLD "/widened", "x");
	make_file("delivered", "x");
	incoming = open_dir(".");
	ck_assert_int_eq(staging_adopt(&staging, incoming, OLD), 0);
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("."), "delivered");
}
END_TEST

/* ---- Removing ---- */

static void files_and_links(int tree)
{
	MUST(openat(tree, "f", O_WRONLY | O_CREAT, 0000));
	MUST(symlinkat("../../outside", tree, "link out"));
	MUST(symlinkat("nowhere", tree, "dangling"));
	MUST(mkfifoat(tree, "fifo", 0600));
	MUST(mkdirat(tree, "d", 0755));
	MUST(symlinkat("../../../outside", tree, "d/l"));
}

static void nothing(int tree)
{
	(void)tree;
}

static void sealed(int tree)
{
	int at = dup(tree);

	for (unsigned i = 0; i < 20; i++) {
		int next;

		MUST(mkdirat(at, "d", 0700));
		MUST(mkdirat(at, "empty", 0000));
		MUST(next = openat(at, "d", O_RDONLY | O_DIRECTORY));
		MUST(openat(next, "f", O_WRONLY | O_CREAT, 0400));
		at = next;
	}
	for (unsigned i = 0; i < 20; i++) {
		at = openat(at, "..", O_RDONLY | O_DIRECTORY);
		MUST(fchmodat(at, "d", i % 2 ? 0000 : 0555, 0));
	}
}

static void sealed_top(int tree)
{
	MUST(mkdirat(tree, "d", 0700));
	MUST(mkdirat(tree, "d/x", 0700));
	MUST(fchmodat(tree, "d", 0000, 0));
	MUST(fchmod(tree, 0000));
}

static void deep(int tree)
{
	make_deep(tree, "d", 3000);
}

static void deep_and_numbered(int tree)
{
	make_deep(tree, "0", 100);
	make_deep(tree, "1", 100);
}

static void wide(int tree)
{
	close(openat(tree, "f", O_WRONLY | O_CREAT, 0644));
	for (unsigned i = 0; i < 500; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d%u", i);
		MUST(mkdirat(tree, name, 0755));
		snprintf(name, sizeof(name), "d%u/f", i);
		MUST(linkat(tree, "f", tree, name, 0));
		snprintf(name, sizeof(name), "f%u", i);
		MUST(linkat(tree, "f", tree, name, 0));
	}
}

/* Removing moves directories up under numbers for names: these have such names already. */
static void numbered(int tree)
{
	for (unsigned i = 0; i < 12; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%u", i);
		MUST(mkdirat(tree, name, 0755));
		for (unsigned j = 0; j < 10; j++) {
			snprintf(name, sizeof(name), "%u/%u", i, j);
			MUST(mkdirat(tree, name, 0755));
			snprintf(name, sizeof(name), "%u/%u/%u", i, j, j);
			if (j % 2)
				MUST(mkdirat(tree, name, 0755));
			else
				MUST(openat(tree, name, O_WRONLY | O_CREAT, 0644));
		}
	}
}

/*
 * As a removal leaves it that was killed: the numbers that it gave are there, and the next one
 * begins to count anew.
 */
static void numbered_beside_the_tree(int tree)
{
	for (unsigned i = 0; i < 10; i++) {
		char name[32];

		snprintf(name, sizeof(name), "../%u", i);
		MUST(mkdirat(tree, name, 0755));
		snprintf(name, sizeof(name), "../%u/x", i);
		MUST(mkdirat(tree, name, 0755));
		snprintf(name, sizeof(name), "d%u", i);
		MUST(mkdirat(tree, name, 0755));
		snprintf(name, sizeof(name), "d%u/x", i);
		MUST(mkdirat(tree, name, 0755));
	}
}

static void named_like_ours(int tree)
{
	MUST(mkdirat(tree, "tree", 0755));
	MUST(mkdirat(tree, "tree/tree", 0755));
	MUST(mkdirat(tree, "commit", 0755));
	MUST(mkdirat(tree, "commit/widened", 0755));
	MUST(mkdirat(tree, "widened", 0755));
}

static void (*const trees[])(int) = {
	nothing,
	files_and_links,
	sealed,
	sealed_top,
	deep,
	deep_and_numbered,
	wide,
	numbered,
	numbered_beside_the_tree,
	named_like_ours,
};
static const char *const tree_labels[] = {
	"nothing",
	"files and links",
	"sealed directories",
	"a sealed tree",
	"3000 deep",
	"deep and numbered",
	"wide",
	"numbered",
	"numbered beside the tree",
	"named like ours",
};

/*
 * For every tree, as whoever runs this and as a plain user: it goes, nothing else does, and few
 * descriptors are enough.
 */
START_TEST(remove_tree)
{
	const char *label = tree_labels[_i / 2];
	struct staging staging;
	struct rlimit limit;
	unsigned before;
	int incoming, r;

	scratch_enter_as(_i % 2);
	make_dir("in");
	make_dir("outside");
	make_file("outside/f", "x");
	make_file("in/delivered", "x");
	incoming = open_dir("in");
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	trees[_i / 2](staging.tree);
	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	for (int fd = staging.tree + 1; fd < 4096; fd++)
		close(fd); /* what making the tree left open */
	before = open_descriptors();
	limit.rlim_cur = (rlim_t)staging.tree + 8;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	r = staging_remove(&staging);
	ck_assert_msg(r == 0, "%s: %s", label, strerror(-r));
	ck_assert_msg(strcmp(names_in("in"), "delivered") == 0, "%s: left: %s", label,
		      names_in("in"));
	ck_assert_msg(strcmp(names_in("outside"), "f") == 0, "%s: followed a link", label);
	ck_assert_msg(open_descriptors() == before - 2, "%s: %u descriptors instead of %u", label,
		      open_descriptors(), before - 2);
}
END_TEST

/* What the file system says it has removed is there, when one looks. */
static int staging_dir;

static void stay_at_the_top(void)
{
	MUST(mkdirat(staging_dir, "0", 0700));
}

/* The removal ends, and does not say that nothing is left. */
START_TEST(removal_that_a_file_system_only_claims)
{
	struct staging staging;
	int r;

	scratch_enter_as(_i);
	make_dir("in");
	ck_assert_int_eq(staging_create(&staging, open_dir("in")), 0);
	MUST(openat(staging.tree, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	staging_dir = staging.dir;
	faults_before("faccessat", stay_at_the_top);
	r = staging_remove(&staging);
	ck_assert_int_eq(r, -ENOTEMPTY);
}
END_TEST

/* No name is free, though none is taken. */
START_TEST(removal_where_nothing_can_be_moved)
{
	struct staging staging;
	int r;

	scratch_enter_as(_i);
	make_dir("in");
	ck_assert_int_eq(staging_create(&staging, open_dir("in")), 0);
	MUST(openat(staging.tree, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	faults_begin_in("renameat", 1, EEXIST, true);
	r = staging_remove(&staging);
	faults_end();
	ck_assert_int_eq(r, -EEXIST);
}
END_TEST

/*
 * The disk is so full that nothing can be moved: at first, until something has gone, or all the
 * time. All goes. (Where nothing ever moves, each thing at the bottom of a deep tree is far away.)
 */
START_TEST(removal_on_a_full_disk)
{
	static void (*const of[])(int) = {files_and_links, sealed,         sealed_top, wide,
					  numbered,        named_like_ours};
	static const int errors[] = {ENOSPC, EDQUOT};
	const bool lasting = _i % 2;
	struct staging staging;
	int r;

	scratch_enter_as(_i / 2 % 2);
	make_dir("in");
	ck_assert_int_eq(staging_create(&staging, open_dir("in")), 0);
	of[_i / 4](staging.tree);
	faults_begin_in("renameat", 1, errors[_i / 2 % 2], lasting);
	r = staging_remove(&staging);
	faults_end();
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

/*
 * In the middle of removing, the modes of what lies outside stay as they are: a link in a sealed
 * directory's place is not followed.
 */
START_TEST(remove_leaves_what_links_point_to)
{
	struct staging staging;
	int incoming;

	scratch_enter_as(_i);
	make_dir("in");
	make_dir("outside");
	make_dir("outside/d");
	make_file("outside/d/f", "x");
	MUST(chmod("outside/d/f", 0444));
	MUST(chmod("outside/d", 0555));
	incoming = open_dir("in");
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	MUST(symlinkat("../../../outside/d", staging.tree, "l"));
	MUST(linkat(AT_FDCWD, "outside/d/f", staging.tree, "hard", 0));
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_uint_eq(mode_of("outside/d"), 0555);
	ck_assert_uint_eq(mode_of("outside/d/f"), 0444);
	ck_assert_str_eq(content_of("outside/d/f"), "x");
}
END_TEST

Suite *staging_suite(void)
{
	Suite *suite = suite_create("staging");
	TCase *tcase = add_case(suite, "create"), *take = add_case(suite, "adopt"),
	      *remove_case = add_case(suite, "remove");

	add_both_users_test(tcase, create);
	tcase_add_test(tcase, create_where_nothing_can_be_synced);
	tcase_add_test(tcase, create_without_renameat2);
	tcase_add_test(tcase, create_where_not_all_is_kept);
	tcase_add_test(tcase, create_where_nobody_may);
	tcase_add_test(tcase, create_sheds_default_acl);
	add_table_test(take, adopt, leftovers);
	add_both_users_test(take, adopt_and_remove);
	tcase_add_loop_test(remove_case, remove_tree, 0, 2 * (int)COUNT(trees));
	add_both_users_test(remove_case, remove_leaves_what_links_point_to);
	tcase_add_loop_test(remove_case, removal_on_a_full_disk, 0, 4 * 6);
	add_both_users_test(remove_case, removal_that_a_file_system_only_claims);
	add_both_users_test(remove_case, removal_where_nothing_can_be_moved);
	return suite;
}
