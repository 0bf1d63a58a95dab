/*
 * A version is put in a place: whatever happens meanwhile, the name leads to one complete version,
 * and nothing is lost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "unit.h"

#include "faults.h"
#include "open/opened.h"
#include "open/opener/original.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct original original;
static struct target *const target = &original.target;
static struct save save;

/* Open a file, having sent it. */
static void open_named(const char *name)
{
	const char *content = content_of(name);

	ck_assert_int_eq(original_open(&original, name, false), 0);
	target->seen.crc = libdeflate_crc32(0, content, strlen(content));
}

static void open_file(void)
{
	open_named("file");
}

/* A version comes. */
static void begin(const char *content)
{
	ck_assert_int_eq(save_begin(&save, target->dir, strlen(content)), 0);
	ck_assert_int_eq(save_write(&save, content, strlen(content)), 0);
	save.crc = libdeflate_crc32(0, content, strlen(content));
}

static void start(void)
{
	scratch_enter();
	make_old_file("file", "before");
	open_file();
	begin("after");
}

/* Names that are no tidy user's. */
static void check_tidy(const char *names)
{
	save_end(&save);
	ck_assert_str_eq(names_in("."), names);
}

/* ---- In its place ---- */

START_TEST(replace)
{
	unsigned before;

	scratch_enter_as(_i);
	make_old_file("file", "before");
	before = open_descriptors();
	open_file();
	for (int i = 0; i < 3; i++) {
		begin(i == 1 ? "" : "after");
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		check_tidy("file");
		ck_assert_str_eq(content_of("file"), i == 1 ? "" : "after");
	}
	original_close(&original);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* By every way that file systems leave. */
static const struct {
	const char *call;
	int error;
	bool backup;
} ways[] = {
	{"renameat2", EINVAL, false}, /* cannot exchange */
	{"renameat2", ENOSYS, true},  {"bind", ENOLCK, false},
	{"faccessat", ENOENT, true},  /* no /proc */
	{"openat", EOPNOTSUPP, true}, /* no files without a name */
};

START_TEST(replace_by_each_way)
{
	char backup[NAME_MAX + 1];

	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0640));
	open_file();
	faults_begin_in(ways[_i].call, 1, ways[_i].error, false);
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, ways[_i].backup ? backup : NULL), 0);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	check_tidy(ways[_i].backup ? "file file~" : "file");
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert_uint_eq(mode_of("file"), 0640);
	/* And once more. */
	begin("later");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	ck_assert_str_eq(content_of("file"), "later");
}
END_TEST

/* Another opener notices a version just as it does the original. */
START_TEST(replace_keeps_the_lock)
{
	struct original second;

	start();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		save_end(&save);
		ck_assert_int_eq(original_open(&second, "file", false), 0);
		ck_assert_uint_eq(second.notes, OPENER_SECOND);
		original_close(&second);
		begin("later");
	}
	original_close(&original);
	ck_assert_int_eq(original_open(&second, "file", false), 0);
	ck_assert_uint_eq(second.notes, 0);
}
END_TEST

/* While it is still open here: a program that is being written cannot be run. */
START_TEST(replace_a_program)
{
	scratch_enter();
	make_old_file("file", "#!/bin/sh\nexit 7\n");
	MUST(chmod("file", 0755));
	open_file();
	begin("#!/bin/sh\nexit 8\n");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	save_end(&save);
	ck_assert_int_eq(WEXITSTATUS(system("./file")), 8);
}
END_TEST

START_TEST(replace_one_of_two_names)
{
	start();
	MUST(link("file", "other"));
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert_str_eq(content_of("other"), "before");
}
END_TEST

/* In a directory that may not be listed, and so cannot be synced by itself. */
START_TEST(replace_in_directory_that_cannot_be_listed)
{
	scratch_enter_plain();
	make_dir("dir");
	make_old_file("dir/file", "before");
	MUST(chmod("dir", 0300));
	open_named("dir/file");
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	save_end(&save);
	MUST(chmod("dir", 0700));
	ck_assert_str_eq(names_in("dir"), "file");
	ck_assert_str_eq(content_of("dir/file"), "after");
}
END_TEST

/* ---- When somebody else was faster ---- */

static void touch(void)
{
	MUST(utimensat(AT_FDCWD, "file", NULL, 0));
}

static void write_the_same(void)
{
	make_file("file", "before");
}

static void replace_by_the_same(void)
{
	make_file("new", "before");
	MUST(rename("new", "file"));
}

static void change(void)
{
	make_file("file", "local");
}

/*
 * As large as it was, and with its time set back. That it was, shows in the time of that, once a
 * clock that may be coarse has moved on.
 */
static void change_secretly(void)
{
	struct stat status, now;

	MUST(stat("file", &status));
	make_file("file", "secret");
	do {
		MUST(utimensat(AT_FDCWD, "file",
			       (struct timespec[2]){status.st_atim, status.st_mtim}, 0));
		MUST(stat("file", &now));
	} while (now.st_ctim.tv_sec == status.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == status.st_ctim.tv_nsec);
}

static void replace_by_another(void)
{
	make_file("new", "local");
	MUST(rename("new", "file"));
}

static void remove_it(void)
{
	MUST(unlink("file"));
}

static void make_it_a_directory(void)
{
	MUST(unlink("file"));
	make_dir("file");
}

static void make_it_a_link(void)
{
	MUST(rename("file", "moved"));
	make_link("file", "moved");
}

static void turn_into_fifo(void)
{
	MUST(unlink("file"));
	MUST(mkfifo("file", 0600));
}

static const struct {
	void (*act)(void);
	int result;
	const char *content; /* NULL: not to be read */
} events[] = {
	{touch, 0, "after"},
	{write_the_same, 0, "after"},
	{replace_by_the_same, 0, "after"},
	{change, -ESTALE, "local"},
	{change_secretly, -ESTALE, "secret"},
	{replace_by_another, -ESTALE, "local"},
	{remove_it, -ENOENT, NULL},
	{make_it_a_directory, -ESTALE, NULL},
	{make_it_a_link, -ESTALE, "before"},
	{turn_into_fifo, -ESTALE, NULL},
};

/*
 * When it happens: any time before, or between our look and the exchange; to a file that was old or
 * new when it was opened.
 */
static const char *const moments[] = {"", "linkat", "renameat2"};

START_TEST(somebody_was_faster)
{
	const size_t event = _i % COUNT(events), moment = _i / COUNT(events) % COUNT(moments);
	/*
	 * Between look and exchange, which takes microseconds, a change of an old file whose time
	 * is set back would not show.
	 */
	bool old = _i / COUNT(events) / COUNT(moments) &&
		   (moment == 0 || events[event].act != change_secretly);
	struct stat now;
	int r;

	scratch_enter();
	if (old)
		make_old_file("file", "before");
	else
		make_file("file", "before");
	open_file();
	begin("after");
	if (moment == 0)
		events[event].act();
	else
		faults_before(moments[moment], events[event].act);
	r = target_replace(target, &save, NULL);
	ck_assert_msg(r == events[event].result, "%d", r);
	if (events[event].content)
		ck_assert_str_eq(content_of("file"), events[event].content);
	else if (events[event].act == remove_it)
		ck_assert(!exists("file"));
	else
		ck_assert_int_eq(stat("file", &now) == 0 && S_ISREG(now.st_mode), 0);
	/* The edit can be put elsewhere. */
	if (r < 0) {
		ck_assert_int_eq(save_link(&save, "beside"), 0);
		ck_assert_str_eq(content_of("beside"), "after");
	}
	save_end(&save);
	ck_assert(!has_name(".", ".qopen-"));
}
END_TEST

/*
 * Once more, while the names are exchanged back: what is newest stays, and nobody's file is
 * removed.
 */
static void change_again(void)
{
	make_file("new", "newest");
	MUST(rename("new", "file"));
}

static void change_now_and_later(void)
{
	replace_by_another();
	faults_before("renameat2", change_again);
}

START_TEST(somebody_was_faster_twice)
{
	start();
	faults_before("renameat2", change_now_and_later);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
	/* Both of what the other one wrote are there: one under the name, one where it came out. */
	ck_assert_str_eq(content_of("file"), "local");
	ck_assert(has_name(".", ".qopen-"));
}
END_TEST

/* An exchange that cannot be taken back: both are there. */
static void change_and_fail(void)
{
	replace_by_another();
	faults_begin_in("renameat2", 2, EIO, true);
}

START_TEST(exchange_stays)
{
	start();
	faults_before("renameat2", change_and_fail);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	faults_end();
	save_end(&save);
	ck_assert(has_name(".", ".qopen-"));
	ck_assert_str_eq(content_of("file"), "after");
}
END_TEST

/* While we look, it is written to: what was read is neither what was nor what is. */
static void grow(void)
{
	int fd = open("file", O_WRONLY | O_APPEND);

	MUST(write(fd, "x", 1));
	close(fd);
}

START_TEST(changed_while_it_is_read)
{
	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	faults_before("pread", grow);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	ck_assert_str_eq(content_of("file"), "beforex");
	save_end(&save);
}
END_TEST

static void turn_into_socket(void)
{
	MUST(unlink("file"));
	MUST(mknod("file", S_IFSOCK | 0600, 0));
}

static void grow_when_read(void)
{
	faults_before("fstat", grow);
}

/*
 * What was read is what it was, but not what it is; where names cannot be exchanged, there is no
 * second look.
 */
START_TEST(changed_when_it_was_read)
{
	int r;

	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	faults_before("pread", grow_when_read);
	faults_begin_in("renameat2", 1, EINVAL, true);
	r = target_replace(target, &save, NULL);
	faults_end();
	ck_assert_int_eq(r, -ESTALE);
	ck_assert_str_eq(content_of("file"), "beforex");
	save_end(&save);
}
END_TEST

/* What has another size need not be read. */
START_TEST(changed_in_size)
{
	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	grow();
	faults_begin_in("pread", 0, 0, false);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	ck_assert_uint_eq(faults_end(), 0);
	save_end(&save);
}
END_TEST

/* A time that was set says nothing; when it was set, the file was touched. */
START_TEST(time_that_was_set)
{
	static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	scratch_enter();
	make_file("file", "before");
	MUST(utimensat(AT_FDCWD, "file", long_ago, 0));
	open_file();
	ck_assert(!target->seen.settled);
	original_close(&original);
	faults_ahead = FILES_ARE_OLD;
	open_file();
	ck_assert(target->seen.settled);
	MUST(utimensat(AT_FDCWD, "file",
		       (struct timespec[2]){{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}}, 0));
	faults_ahead = FILES_ARE_YOUNG;
	original_close(&original);
	open_file();
	ck_assert(!target->seen.settled);
}
END_TEST

/* Of something that is as empty as the file was. */
START_TEST(became_an_empty_fifo)
{
	scratch_enter();
	make_old_file("file", "");
	open_file();
	begin("after");
	turn_into_fifo();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

START_TEST(became_a_socket)
{
	start();
	turn_into_socket();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

/*
 * A change is noticed by the first look, and what was seen last is then what was compared with: no
 * change adds up unseen.
 */
START_TEST(touched_again_and_again)
{
	start();
	for (int i = 0; i < 3; i++) {
		touch();
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		save_end(&save);
		MUST(utimensat(AT_FDCWD, "file", NULL, 0));
		begin("after");
	}
	change();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	save_end(&save);
}
END_TEST

/* ---- When calls fail ---- */

static const struct {
	const char *call;
	int error, result;
} failures[] = {
	{"renameat2", EBUSY, -EXDEV}, /* something is mounted there */
	{"renameat2", EPERM, -EPERM},   {"fsync", EIO, -EIO},
	{"fsetxattr", ENOSPC, 0}, /* there is nothing to set */
	{"fremovexattr", EIO, -EIO},    {"linkat", ENOSPC, -ENOSPC},
	{"getrandom", ENOSYS, -ENOSYS}, {"openat", EMFILE, -EMFILE},
	{"pread", EIO, -EIO},           {"pread", EINTR, 0},
	{"malloc", ENOMEM, -ENOMEM},    {"fstat", EIO, -EIO},
};

START_TEST(replace_fails)
{
	unsigned before;
	int r;

	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	before = open_descriptors();
	faults_begin_in(failures[_i].call, 1, failures[_i].error, false);
	r = target_replace(target, &save, NULL);
	faults_end();
	ck_assert_msg(r == failures[_i].result, "%s: %d", failures[_i].call, r);
	ck_assert_str_eq(content_of("file"), r < 0 ? "before" : "after");
	ck_assert_uint_eq(open_descriptors(), before);
	check_tidy("file");
}
END_TEST

/* A directory that cannot be synced: the version may be in its place, but is not said to be. */
START_TEST(directory_cannot_be_synced)
{
	static const int errors[] = {EIO, EINVAL};

	start();
	faults_begin_in("fsync", 2, errors[_i], false);
	/* Else all of the file system is. */
	ck_assert_int_eq(target_replace(target, &save, NULL), errors[_i] == EIO ? -EIO : 0);
	faults_end();
	ck_assert_str_eq(content_of("file"), "after");
	save_end(&save);
	/* What is there now is what is expected from now on. */
	begin("later");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	check_tidy("file");
}
END_TEST

/* ---- Backups ---- */

static const struct {
	const char *label, *name, *taken, *backup;
} backups[] = {
	{"plain", "report.pdf", "", "report.pdf~"},
	{"taken", "report.pdf", "report.pdf~", "report.pdf.~1~"},
	{"taken twice", "x", "x~ x.~1~", "x.~2~"},
	{"a hole", "x", "x~ x.~2~", "x.~1~"},
};

START_TEST(backup)
{
	char taken[64], made[NAME_MAX + 1];

	scratch_enter();
	make_old_file(backups[_i].name, "before");
	strcpy(taken, backups[_i].taken);
	for (char *name = strtok(taken, " "); name; name = strtok(NULL, " "))
		make_file(name, "earlier");
	open_named(backups[_i].name);
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_str_eq(made, backups[_i].backup);
	ck_assert_str_eq(content_of(made), "before");
	ck_assert_str_eq(content_of(backups[_i].name), "after");
	strcpy(taken, backups[_i].taken);
	for (char *name = strtok(taken, " "); name; name = strtok(NULL, " "))
		ck_assert_str_eq(content_of(name), "earlier");
	ck_assert(!has_name(".", ".qopen-"));
}
END_TEST

/* A name that leaves no room is cut, but not within a character. */
START_TEST(backup_of_long_name)
{
	static const char umlaut[] = "\303\244";
	char name[NAME_MAX + 1], made[NAME_MAX + 1];

	scratch_enter();
	for (size_t i = 0; i + 1 < NAME_MAX; i += 2)
		memcpy(name + i, umlaut, 2);
	name[NAME_MAX - 1] = 'x';
	name[NAME_MAX] = '\0';
	make_old_file(name, "before");
	open_named(name);
	begin("one");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_uint_eq(strlen(made), NAME_MAX);
	ck_assert_str_eq(made + NAME_MAX - 3, "\303\244~");
	ck_assert_str_eq(content_of(made), "before");
	begin("two");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_str_eq(made + strlen(made) - 6, "\303\244.~1~");
	ck_assert_uint_le(strlen(made), NAME_MAX);
	ck_assert_str_eq(content_of(made), "one");
}
END_TEST

/* Where there can be no backup, nothing is replaced; where nothing is replaced, there is none. */
START_TEST(backup_comes_and_goes_with_the_version)
{
	char made[NAME_MAX + 1];

	start();
	faults_begin_in("linkat", 2, EPERM, false);
	ck_assert_int_eq(target_replace(target, &save, made), -EPERM);
	faults_end();
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "before");
	begin("after");
	faults_before("renameat2", change);
	ck_assert_int_eq(target_replace(target, &save, made), -ESTALE);
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "local");
}
END_TEST

/* ---- A place of its own ---- */

START_TEST(create)
{
	struct target kept = {.dir = -1, .fd = -1};
	unsigned before;

	scratch_enter_as(_i);
	target->dir = open_dir(".");
	before = open_descriptors();
	make_file("name.txt", "taken");
	make_link("name (2).txt", "nowhere");
	begin("one");
	ck_assert_int_eq(target_create(&kept, &save, "name.txt"), 0);
	ck_assert_str_eq(kept.name, "name (3).txt");
	save_end(&save);
	/* The next replaces it, with that one's mode. */
	MUST(chmod("name (3).txt", 0640));
	begin("two");
	ck_assert_int_eq(target_replace(&kept, &save, NULL), 0);
	check_tidy("name (2).txt name (3).txt name.txt");
	ck_assert_str_eq(content_of("name (3).txt"), "two");
	ck_assert_uint_eq(mode_of("name (3).txt"), 0640);
	/* Another one closes the first. */
	begin("three");
	ck_assert_int_eq(target_create(&kept, &save, "other"), 0);
	save_end(&save);
	ck_assert_str_eq(content_of("other"), "three");
	target_close(&kept);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static const struct {
	const char *call;
	unsigned number;
	int result;
} creation_failures[] = {
	{"fsync", 1, -EIO},
	{"linkat", 1, -EIO},
	{"fstat", 2, -EIO}, /* the first is for the lock, which it can do without */
	{"fsync", 2, -EIO},
};

START_TEST(create_fails)
{
	struct target kept = {.dir = -1, .fd = -1};

	scratch_enter();
	target->dir = open_dir(".");
	begin("content");
	faults_begin_in(creation_failures[_i].call, creation_failures[_i].number, EIO, false);
	ck_assert_int_eq(target_create(&kept, &save, "name"), -EIO);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	check_tidy("");
	target_close(&kept);
}
END_TEST

START_TEST(create_without_descriptors)
{
	struct target kept = {.dir = -1, .fd = -1};
	struct rlimit none = {.rlim_cur = 1, .rlim_max = 1024};

	scratch_enter();
	target->dir = open_dir(".");
	begin("content");
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	ck_assert_int_eq(target_create(&kept, &save, "name"), -EMFILE);
	none.rlim_cur = 1024;
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	check_tidy("");
}
END_TEST

START_TEST(path)
{
	char here[2048], expected[4096], got[4096];

	scratch_enter();
	make_dir("dir");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(expected, sizeof(expected), "%s/dir/name", here);
	target_path(open_dir("dir"), "name", got);
	ck_assert_str_eq(got, expected);
	target_path(open_dir("/"), "name", got);
	ck_assert_str_eq(got, "/name");
	target_path(-1, "name", got);
	ck_assert_str_eq(got, "name");
}
END_TEST

/* One that is longer than there is room for. */
START_TEST(path_too_long)
{
	static char name[NAME_MAX + 1];
	char got[4096];
	int at;

	memset(name, 'x', NAME_MAX);
	scratch_enter();
	at = open_dir(".");
	for (int i = 0; i < 20; i++) {
		target_path(at, name, got);
		ck_assert_str_eq(got + strlen(got) - NAME_MAX, name);
		MUST(mkdirat(at, name, 0700));
		MUST(at = openat(at, name, O_RDONLY | O_DIRECTORY));
	}
	ck_assert_str_eq(got, name);
}
END_TEST

/* ---- When somebody hostile was ---- */

/* The same content, but open to all: what is saved would be, too. */
static void replace_by_somebody_elses(void)
{
	replace_by_the_same();
	MUST(chmod("file", 0666));
	MUST(chown("file", 65534, 65534));
}

START_TEST(same_content_of_somebody_else)
{
	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0600));
	open_file();
	begin("after");
	if (*moments[_i])
		faults_before(moments[_i], replace_by_somebody_elses);
	else
		replace_by_somebody_elses();
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "before");
}
END_TEST

static const char *const calls[] = {"openat", "fstat",  "fstatat",    "fsync",    "linkat",
				    "bind",   "fchmod", "flistxattr", "unlinkat", "renameat2"};
static const char *swapped_before;
static unsigned calls_until_swap, swaps;

static void swap(void)
{
	MUST(renameat2(AT_FDCWD, "file", AT_FDCWD, "other", RENAME_EXCHANGE));
}

/* At the call that was chosen, and back again at the next one. */
static void swap_in_time(void)
{
	if (calls_until_swap > 0) {
		calls_until_swap--;
	} else {
		swap();
		if (++swaps == 2)
			return;
	}
	faults_before(swapped_before, swap_in_time);
}

/*
 * A link in the file's place, before each call of each kind: what it leads to is never written to,
 * nothing is lost, and the link is nobody's to remove.
 */
START_TEST(swapped_for_a_link)
{
	unsigned call = 0;

	do {
		char made[NAME_MAX + 1];
		struct stat status;
		int r;

		start();
		make_file("secret", "secret");
		make_link("other", "secret");
		swapped_before = calls[_i % COUNT(calls)];
		calls_until_swap = call++;
		swaps = 0;
		faults_before(swapped_before, swap_in_time);
		r = target_replace(target, &save, (size_t)_i < COUNT(calls) ? NULL : made);
		faults_before("", NULL);
		ck_assert_str_eq(content_of("secret"), "secret");
		if (r == 0) {
			/* What was replaced is what was seen, wherever it is now. */
			MUST(lstat(swaps == 1 ? "other" : "file", &status));
			ck_assert(S_ISREG(status.st_mode));
			ck_assert_str_eq(content_of(swaps == 1 ? "other" : "file"), "after");
			ck_assert_str_eq(content_of(swaps == 1 ? "file" : "other"), "secret");
			if ((size_t)_i >= COUNT(calls))
				ck_assert_str_eq(content_of(made), "before");
		} else {
			ck_assert_int_eq(r, -ESTALE);
			ck_assert_int_eq(save_link(&save, "beside"), 0);
			ck_assert_str_eq(content_of("beside"), "after");
		}
		save_end(&save);
		target_close(target);
	} while (swaps > 0);
}
END_TEST

Suite *replace_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *tcase = add_case(suite, "version");

	tcase = add_case(suite, "replace");
	add_both_users_test(tcase, replace);
	add_table_test(tcase, replace_by_each_way, ways);
	tcase_add_test(tcase, replace_keeps_the_lock);
	tcase_add_test(tcase, replace_a_program);
	tcase_add_test(tcase, replace_one_of_two_names);
	tcase_add_test(tcase, replace_in_directory_that_cannot_be_listed);
	tcase = add_case(suite, "somebody was faster");
	tcase_add_loop_test(tcase, somebody_was_faster, 0,
			    2 * (int)(COUNT(events) * COUNT(moments)));
	tcase_add_test(tcase, somebody_was_faster_twice);
	tcase_add_test(tcase, exchange_stays);
	tcase_add_test(tcase, changed_while_it_is_read);
	tcase_add_test(tcase, changed_when_it_was_read);
	tcase_add_test(tcase, changed_in_size);
	tcase_add_test(tcase, time_that_was_set);
	tcase_add_test(tcase, became_an_empty_fifo);
	tcase_add_test(tcase, became_a_socket);
	tcase_add_test(tcase, touched_again_and_again);
	tcase = add_case(suite, "swapped");
	tcase_add_loop_test(tcase, swapped_for_a_link, 0, 2 * (int)COUNT(calls));
	tcase = add_case_if(suite, "somebody else's", geteuid() == 0, "needs root");
	add_table_test(tcase, same_content_of_somebody_else, moments);
	tcase = add_case(suite, "failures");
	add_table_test(tcase, replace_fails, failures);
	tcase_add_loop_test(tcase, directory_cannot_be_synced, 0, 2);
	tcase = add_case(suite, "backup");
	add_table_test(tcase, backup, backups);
	tcase_add_test(tcase, backup_of_long_name);
	tcase_add_test(tcase, backup_comes_and_goes_with_the_version);
	tcase = add_case(suite, "create");
	add_both_users_test(tcase, create);
	add_table_test(tcase, create_fails, creation_failures);
	tcase_add_test(tcase, create_without_descriptors);
	tcase_add_test(tcase, path);
	tcase_add_test(tcase, path_too_long);
	return suite;
}
