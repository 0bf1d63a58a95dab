/*
 * Who has a file in use: every way to have it, by a process that does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "open/editor/in_use.h"
#include "open/editor/workdir.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct workdir workdir;
static char beside[PATH_MAX];

/* A workdir. Returns false where this user cannot have one. */
static bool begin(int way)
{
	char path[PATH_MAX + 16];

	scratch_enter_as(way);
	if (!scratch_reachable())
		return false;
	/* Nobody looks into a process that had other privileges once, unless it says so. */
	MUST(prctl(PR_SET_DUMPABLE, 1));
	ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
	make_file(workdir.path, "content");
	snprintf(path, sizeof(path), "%s/below", workdir.directory);
	make_dir(path);
	snprintf(path, sizeof(path), "%s/below/f", workdir.directory);
	make_file(path, "content");
	/* Its name only begins as the working directory's does. */
	snprintf(beside, sizeof(beside), "%.4000s~", workdir.directory);
	make_dir(beside);
	snprintf(path, sizeof(path), "%s/file", beside);
	make_file(path, "content");
	return true;
}

/* ---- Ways to have it in use: these run in another process. 0: it has ---- */

/* Open what the directory's path with this behind it leads to. */
static int open_in(const char *behind)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s%s", workdir.directory, behind);
	return open(path, O_RDONLY);
}

static int by_descriptor(void)
{
	return open(workdir.path, O_RDONLY) < 0;
}

static int by_directory(void)
{
	return open_in("") < 0;
}

static int by_deeper_file(void)
{
	return open_in("/below/f") < 0;
}

static int by_removed_file(void)
{
	char path[PATH_MAX + 16];
	int fd = open_in("/below/f");

	snprintf(path, sizeof(path), "%s/below/f", workdir.directory);
	return fd < 0 || unlink(path) < 0;
}

static int by_working_directory(void)
{
	return chdir(workdir.directory);
}

static int by_mapping(void)
{
	int fd = open(workdir.path, O_RDONLY);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	return map == MAP_FAILED;
}

static int by_watch_on_file(void)
{
	return inotify_add_watch(inotify_init(), workdir.path, IN_MODIFY) < 0;
}

static int by_watch_on_directory(void)
{
	int fd = inotify_init();

	return inotify_add_watch(fd, "/", IN_MODIFY) < 0 ||
	       inotify_add_watch(fd, workdir.directory, IN_MODIFY) < 0;
}

static int not_at_all(void)
{
	return 0;
}

static int by_file_beside(void)
{
	return open_in("~/file") < 0 || chdir(beside) < 0;
}

static int by_watch_beside(void)
{
	int fd = inotify_init();
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/file", beside);
	return inotify_add_watch(fd, beside, IN_MODIFY) < 0 ||
	       inotify_add_watch(fd, path, IN_MODIFY) < 0;
}

static int closed_again(void)
{
	int fd = open(workdir.path, O_RDONLY);

	return fd < 0 || close(fd) < 0;
}

static const struct {
	const char *label;
	int (*take)(void);
	bool uses;
} ways[] = {
	{"a descriptor", by_descriptor, true},
	{"a descriptor of the directory", by_directory, true},
	{"a descriptor of a file deeper in it", by_deeper_file, true},
	{"a descriptor of a file that was removed", by_removed_file, true},
	{"the working directory", by_working_directory, true},
	{"a mapping", by_mapping, true},
	{"a watch on the file", by_watch_on_file, true},
	{"a watch on the directory", by_watch_on_directory, true},
	{"not at all", not_at_all, false},
	{"a descriptor of the one beside", by_file_beside, false},
	{"a watch on the one beside", by_watch_beside, false},
	{"a descriptor that was closed", closed_again, false},
};

/* A process that has it in use in this way, and waits. */
static pid_t start_holder(int (*take)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	MUST(pipe(ready));
	MUST(pid = fork());
	if (pid == 0) {
		close(workdir.dir);
		if (take() == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	MUST(kill(pid, SIGKILL));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(each_way)
{
	const char *label = ways[_i / 2].label;
	unsigned before;
	pid_t pid, last = 0;

	if (!begin(_i % 2))
		return;
	before = open_descriptors();
	ck_assert_msg(!in_use(&last, &workdir), "%s: in use before it began", label);
	pid = start_holder(ways[_i / 2].take);
	ck_assert_msg(in_use(&last, &workdir) == ways[_i / 2].uses, "%s", label);
	ck_assert_int_eq(last, ways[_i / 2].uses ? pid : 0);
	/* The second look begins with that process. */
	ck_assert_msg(in_use(&last, &workdir) == ways[_i / 2].uses, "%s, second look", label);
	ck_assert_uint_eq(open_descriptors(), before);
	end_holder(pid);
	ck_assert_msg(!in_use(&last, &workdir), "%s: still in use by a process that has ended",
		      label);
	ck_assert_int_eq(last, 0);
}
END_TEST

/* One goes, another still has it. */
START_TEST(another_one)
{
	pid_t first, second, last = 0;

	begin(0);
	first = start_holder(by_watch_on_file);
	ck_assert(in_use(&last, &workdir));
	second = start_holder(by_descriptor);
	end_holder(first);
	ck_assert(in_use(&last, &workdir));
	ck_assert_int_eq(last, second);
	end_holder(second);
}
END_TEST

/* Where nothing can be found out, nobody is in the way. */
START_TEST(without_descriptors)
{
	struct rlimit limit;
	pid_t pid, last = 0;
	int highest;

	begin(0);
	pid = start_holder(by_watch_on_file);
	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	MUST(highest = open("/dev/null", O_RDONLY));
	for (int fd = highest + 1; fd < highest + 16; fd++)
		close(fd); /* what whoever started us left open */
	for (rlim_t more = 0; more < 4; more++) {
		limit.rlim_cur = (rlim_t)highest + more;
		MUST(setrlimit(RLIMIT_NOFILE, &limit));
		ck_assert(!in_use(&last, &workdir));
	}
	limit.rlim_cur = (rlim_t)highest + 5;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	ck_assert(in_use(&last, &workdir));
	end_holder(pid);
}
END_TEST

Suite *in_use_suite(void)
{
	Suite *suite = suite_create("in_use");
	TCase *tcase = add_case(suite, "in_use");

	tcase_add_loop_test(tcase, each_way, 0, 2 * (int)COUNT(ways));
	tcase_add_test(tcase, another_one);
	tcase_add_test(tcase, without_descriptors);
	return suite;
}
