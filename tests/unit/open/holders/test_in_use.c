/*
 * Who has a file in use: every way to have it, by a process that does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "open/editor/workdir.h"
#include "open/holders/holders.h"

#include <errno.h>
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
static struct holders holders;
static char beside[PATH_MAX];

/* A workdir. Returns false where this user cannot have one. */
static bool begin(int way)
{
	char path[PATH_MAX + 16];

	see_own_processes();
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
	holders.target = (struct target){.directory = workdir.directory,
					 .base = workdir.base,
					 .path = workdir.path,
					 .name = workdir.name};
	holders_open(&holders);
	return true;
}

/* A look at all processes. */
static enum sight look(void)
{
	int code;

	return holders_look(&holders, 0, &code);
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

/* Go so deep below a directory that its path is too long to be read. */
static int go_deep(const char *directory)
{
	char name[201];
	int r = chdir(directory);

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; r == 0 && i < PATH_MAX / sizeof(name) + 2; i++)
		r = (mkdir(name, 0700) < 0 && errno != EEXIST) || chdir(name) < 0;
	return r;
}

static int by_deep_directory(void)
{
	return go_deep(workdir.directory);
}

static int by_deep_directory_beside(void)
{
	return go_deep(beside);
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
	enum way way;
} ways[] = {
	{"a descriptor", by_descriptor, WAY_OPEN},
	{"a descriptor of the directory", by_directory, WAY_OPEN},
	{"a descriptor of a file deeper in it", by_deeper_file, WAY_OPEN},
	{"a descriptor of a file that was removed", by_removed_file, WAY_OPEN},
	{"the working directory", by_working_directory, WAY_CURRENT},
	{"a working directory with too long a path", by_deep_directory, WAY_CURRENT},
	{"a mapping", by_mapping, WAY_OPEN},
	{"a watch on the file", by_watch_on_file, WAY_WATCHED},
	{"a watch on the directory", by_watch_on_directory, WAY_AROUND},
	{"not at all", not_at_all, WAY_NONE},
	{"a descriptor of the one beside", by_file_beside, WAY_NONE},
	{"the one beside, with too long a path", by_deep_directory_beside, WAY_NONE},
	{"a watch on the one beside", by_watch_beside, WAY_NONE},
	{"a descriptor that was closed", closed_again, WAY_NONE},
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
		close(holders.target.inotify);
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

/* The way in which this process has it in use. */
static int way_of(pid_t pid)
{
	struct search search;
	int dir = process_open(pid), way;

	MUST(dir);
	search_begin(&search, &holders.target);
	way = in_use(dir, &search);
	close(dir);
	return way;
}

START_TEST(each_way)
{
	const char *label = ways[_i / 2].label;
	const bool uses = ways[_i / 2].way != WAY_NONE;
	unsigned before;
	pid_t pid;

	if (!begin(_i % 2))
		return;
	before = open_descriptors();
	ck_assert_msg(look() == SIGHT_NOBODY, "%s: in use before it began", label);
	pid = start_holder(ways[_i / 2].take);
	ck_assert_msg(way_of(pid) == (int)ways[_i / 2].way, "%s: %d", label, way_of(pid));
	ck_assert_msg(look() == (uses ? SIGHT_SOMEBODY : SIGHT_NOBODY), "%s", label);
	ck_assert_int_eq(holders.count, uses);
	/* The second look begins with that process. */
	ck_assert_msg(look() == (uses ? SIGHT_SOMEBODY : SIGHT_NOBODY), "%s, second look", label);
	end_holder(pid);
	ck_assert_msg(look() == SIGHT_NOBODY, "%s: still in use by a process that has ended",
		      label);
	ck_assert_uint_eq(open_descriptors(), before);
	holders_close(&holders);
}
END_TEST

/* A process that only has the path, in its command line, as a word or in one. */
START_TEST(by_name)
{
	static const char *const before[] = {"", "--file=", "open '"}, *const after[] = {"", "",
											 "'"};
	char word[PATH_MAX + 16];
	pid_t pid;

	begin(0);
	snprintf(word, sizeof(word), "%s%.4000s%s", before[_i], workdir.path, after[_i]);
	MUST(pid = fork());
	if (pid == 0) {
		close(workdir.dir);
		close(workdir.above);
		close(holders.target.inotify);
		/* It starts nothing: what it starts would have the path, too, for a moment. */
		execl("/bin/sh", "sh", "-c", "kill -STOP $$", word, NULL);
		_exit(127);
	}
	while (way_of(pid) != WAY_NAMED)
		usleep(1000);
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	end_holder(pid);
	ck_assert_int_eq(look(), SIGHT_NOBODY);
}
END_TEST

/* One goes, another still has it. */
START_TEST(another_one)
{
	pid_t first, second;

	begin(0);
	first = start_holder(by_watch_on_file);
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	second = start_holder(by_descriptor);
	end_holder(first);
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	ck_assert_int_eq(holders.count, 1);
	ck_assert_int_eq(holders.holder[0].process.pid, second);
	end_holder(second);
}
END_TEST

/* Where something cannot be found out, nobody says that there is nobody. */
START_TEST(without_descriptors)
{
	struct rlimit limit;
	pid_t pid;
	int highest, code;

	begin(0);
	pid = start_holder(not_at_all);
	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	MUST(highest = open("/dev/null", O_RDONLY));
	for (int fd = highest + 1; fd < highest + 16; fd++)
		close(fd); /* what whoever started us left open */
	for (rlim_t more = 0; more < 4; more++) {
		limit.rlim_cur = (rlim_t)highest + more;
		MUST(setrlimit(RLIMIT_NOFILE, &limit));
		ck_assert_int_eq(holders_look(&holders, 0, &code), SIGHT_UNKNOWN);
		ck_assert_int_eq(code, -EMFILE);
	}
	/* Enough, whatever other processes of this account have open. */
	limit.rlim_cur = (rlim_t)highest + 16;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	ck_assert_int_eq(look(), SIGHT_NOBODY);
	end_holder(pid);
}
END_TEST

/* There are no inotify instances: who has one may watch the file. Until there are. */
START_TEST(without_inotify)
{
	pid_t pid, other;
	int code;

	begin(0);
	holders_close(&holders);
	pid = start_holder(by_watch_on_file);
	faults_begin_in("inotify_init1", 1, EMFILE, true);
	holders_open(&holders);
	/* Not even whether anybody opens it is seen. */
	ck_assert(holders.target.opened && holders.target.changed);
	ck_assert_int_eq(holders_look(&holders, 0, &code), SIGHT_UNKNOWN);
	ck_assert_int_eq(code, -EMFILE);
	/* Others are seen. */
	other = start_holder(by_descriptor);
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	end_holder(other);
	ck_assert_int_eq(holders_look(&holders, 0, &code), SIGHT_UNKNOWN);
	faults_end();
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	end_holder(pid);
	ck_assert_int_eq(look(), SIGHT_NOBODY);
}
END_TEST

/* The first instance is enough, even if there are no more later. */
START_TEST(inotify_of_the_session)
{
	pid_t pid;

	begin(0);
	pid = start_holder(by_watch_on_file);
	faults_begin_in("inotify_init1", 1, EMFILE, true);
	ck_assert_int_eq(look(), SIGHT_SOMEBODY);
	end_holder(pid);
	ck_assert_int_eq(look(), SIGHT_NOBODY);
	faults_end();
}
END_TEST

/* Each call fails once: never "nobody" while somebody has it, and no descriptor is left. */
START_TEST(failing_calls)
{
	static const char *const calls[] = {"openat", "fdopendir", "readlinkat",
					    "inotify_add_watch"};
	pid_t pid;

	begin(0);
	pid = start_holder(by_watch_on_file);
	for (size_t i = 0; i < COUNT(calls); i++) {
		unsigned before, number = 0;

		do {
			enum sight sight;

			holders_close(&holders);
			holders_open(&holders);
			before = open_descriptors();
			faults_begin_in(calls[i], ++number, EMFILE, false);
			sight = look();
			faults_end();
			ck_assert_msg(sight != SIGHT_NOBODY, "%s %u", calls[i], number);
			holders_close(&holders);
			ck_assert_uint_eq(open_descriptors(), before - 1);
			holders_open(&holders);
		} while (faults_failed() && number < 60);
	}
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
	tcase_add_loop_test(tcase, by_name, 0, 3);
	tcase_add_test(tcase, without_inotify);
	tcase_add_test(tcase, inotify_of_the_session);
	tcase_add_test(tcase, failing_calls);
	return suite;
}
