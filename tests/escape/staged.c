/*
 * What a parser that was taken over leaves in the staging directory, and when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int unless_failed(int result)
{
	return result < 0 ? errno : HAND_OVER;
}

static int link_at_top(void)
{
	return unless_failed(make_link("/etc", "link"));
}

static int link_deep(void)
{
	return make_directory("dir") < 0 ? errno
					 : unless_failed(make_link("/etc/passwd", "dir/link"));
}

static int link_that_climbs(void)
{
	return make_directory("dir") < 0 ? errno
					 : unless_failed(make_link("../secret", "dir/link"));
}

static int link_through_a_link(void)
{
	if (make_directory("dir") < 0 || make_directory("dir/inner") < 0 ||
	    make_link("inner", "dir/link") < 0)
		return errno;
	return unless_failed(make_link("link/../../other", "dir/second"));
}

static int named(const char *name)
{
	return make_directory("dir") < 0 ? errno : unless_failed(make_file(name, 0644));
}

static int name_of_staging(void)
{
	return unless_failed(make_directory(".qfile-incoming-fedcba9876543210"));
}

/* A delivery that looks decided: the next receiver would publish what is in it. */
static int whole_staging(void)
{
	static const char *const names[] = {".qfile-incoming-fedcba9876543210/commit",
					    ".qfile-incoming-fedcba9876543210/tree"};

	if (make_directory(".qfile-incoming-fedcba9876543210") < 0 ||
	    make_directory(names[0]) < 0 || make_directory(names[1]) < 0)
		return errno;
	return unless_failed(make_file(".qfile-incoming-fedcba9876543210/commit/f", 0600));
}

static int name_with_control_characters(void)
{
	return named("dir/\033[31mred\n");
}

static int name_not_utf8(void)
{
	return named("dir/\xff\xfe");
}

static int name_that_turns_direction(void)
{
	return named("dir/\xe2\x80\xae"
		     "fdp.exe");
}

static int name_of_a_taken_one(void)
{
	return unless_failed(make_directory("earlier"));
}

/*
 * Deeper than any path, or anyone's descriptors. O_PATH: Landlock goes up to the root for every
 * directory that is opened to be read.
 */
static int dig(int levels)
{
	int fd = scene.root;

	for (int i = 0; i < levels; i++) {
		int inner = mkdirat(fd, "d", 0700) < 0 ? -1 : openat(fd, "d", O_PATH | O_DIRECTORY);

		if (inner < 0)
			return errno;
		if (fd != scene.root)
			close(fd);
		fd = inner;
		scene.received.size.entries++;
	}
	return unless_failed(openat(fd, "bottom", O_WRONLY | O_CREAT, 0600));
}

static int dig_and_fail(void)
{
	int r = dig(5000);

	return r == HAND_OVER ? ECANCELED : r;
}

/*
 * The bottom is one entry more than was counted: nothing of it may be delivered, all of it must go.
 */
static int dig_and_lie(void)
{
	return dig(2500);
}

static int seal(int levels)
{
	char name[64] = "d";
	int fd[8];

	for (int i = 0; i < levels; i++) {
		fd[i] = make_directory(name);
		if (fd[i] < 0)
			return errno;
		strcat(name, "/d");
	}
	for (int i = levels - 1; i >= 0; i--) {
		if (fchmod(fd[i], 0) < 0)
			return errno;
	}
	return HAND_OVER;
}

static int seal_and_fail(void)
{
	int r = seal(8);

	return r == HAND_OVER ? ECANCELED : r;
}

static int seal_and_hand_over(void)
{
	return seal(3);
}

static int seal_the_root(void)
{
	if (make_directory("dir") < 0)
		return errno;
	return fchmod(scene.root, 0) < 0 ? errno : ECANCELED;
}

/* ---- Going on after the last report ---- */

static int report_done(void)
{
	struct report record = {.kind = REPORT_DONE, .received = scene.received};

	return why(write(STDOUT_FILENO, &record, sizeof(record)));
}

static int hand_over_nothing(void)
{
	return HAND_OVER;
}

static int done_twice(void)
{
	make_file("file", 0644);
	return report_done() ? errno : HAND_OVER;
}

static int write_after_the_end(void)
{
	int fd = make_file("file", 0644);

	if (fd < 0 || report_done())
		return errno;
	for (off_t at = 0;; at++) {
		if (pwrite(fd, "evil", 4, at % 4096) < 0)
			return errno;
	}
}

static int create_after_the_end(void)
{
	char name[] = "dir/0000000";

	if (make_directory("dir") < 0 || report_done())
		return errno;
	for (unsigned i = 0; i < 10000000; i++) {
		for (unsigned rest = i, digit = sizeof(name) - 2; rest > 0; rest /= 10)
			name[digit--] = (char)('0' + rest % 10);
		if (symlinkat("/etc", scene.root, name) < 0)
			return errno;
	}
	return ESCAPED;
}

#define DELIVERED "it is delivered, or left behind"
#define STAYS     "something of it stays behind"
#define CHECKED   "the monitor itself sees to this"
#define AFTER     "the commit begins before the child's end, or finds what is not allowed"

const struct attempt staged_attempts[] = {
	{"staged-link", "hand over a link to /etc", DELIVERED, link_at_top, NULL},
	{"staged-link-deep", "hand over a link to /etc/passwd below a directory", DELIVERED,
	 link_deep, NULL},
	{"staged-link-climbing", "hand over a link that climbs out", DELIVERED, link_that_climbs,
	 NULL},
	{"staged-link-link", "hand over a link that climbs out through another", DELIVERED,
	 link_through_a_link, NULL},
	{"staged-prefix", "hand over a staging directory", DELIVERED, name_of_staging, CHECKED},
	{"staged-commit", "hand over a staging directory that looks decided", DELIVERED,
	 whole_staging, CHECKED},
	{"staged-control", "hand over a name that colours the terminal", DELIVERED,
	 name_with_control_characters, NULL},
	{"staged-not-utf8", "hand over a name that is not UTF-8", DELIVERED, name_not_utf8, NULL},
	{"staged-direction", "hand over a name that reads backwards", DELIVERED,
	 name_that_turns_direction, NULL},
	{"staged-taken", "hand over a directory whose name is taken", DELIVERED,
	 name_of_a_taken_one, CHECKED},
	{"deep", "leave directories 5000 deep", STAYS, dig_and_fail, CHECKED},
	{"deep-lie", "hand over directories 2500 deep and an entry too many", STAYS, dig_and_lie,
	 CHECKED},
	{"sealed", "leave directories that nobody may open", STAYS, seal_and_fail, CHECKED},
	{"sealed-root", "seal the root itself", STAYS, seal_the_root, CHECKED},
	{0},
};

const struct attempt lawful_attempts[] = {
	{"sealed-handed-over", "hand over directories that nobody may open",
	 "more than these is delivered", seal_and_hand_over, CHECKED},
	{"nothing", "hand over success without having read anything", "anything is delivered",
	 hand_over_nothing, CHECKED},
	{"done-twice", "report to be done twice", AFTER, done_twice, CHECKED},
	{"write-after", "write on after the last report", AFTER, write_after_the_end, CHECKED},
	{"create-after", "create links after the last report", AFTER, create_after_the_end,
	 CHECKED},
	{0},
};
