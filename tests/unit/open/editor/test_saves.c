/*
 * Saves: what is sent of what stands under the file's name, and when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/saves.h"
#include "open/editwire.h"
#include "unit.h"

#include "faults.h"
#include "played.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct workdir workdir;
static struct stream_writer stream;
static struct reply reply;
static struct saves saves;

/* A file with the content "first" is open; the reply goes to the file "reply". */
static void begin_with(int error)
{
	int fd, out;

	scratch_enter();
	make_dir("tmp");
	ck_assert_int_eq(workdir_make(&workdir, "tmp", NULL, "file"), 0);
	fd = workdir_create(&workdir, false);
	ck_assert_int_eq(write(fd, "first", 5), 5);
	close(fd);
	MUST(out = open("reply", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	ck_assert_int_eq(stream_writer_open(&stream, -1, out, -1), 0);
	reply = (struct reply){.stream = &stream, .records = true, .sure = true};
	MUST(fd = open(workdir.path, O_RDONLY));
	ck_assert_int_eq(content_read(fd, stream.buffer, &reply.last), 0);
	close(fd);
	played_pass(0);
	saves = (struct saves){.workdir = &workdir, .reply = &reply, .beside = true};
	faults_begin_in("inotify_init1", error ? 1 : 0, error, false);
	ck_assert_int_eq(saves_open(&saves), 0);
	faults_end();
}

static void begin(void)
{
	begin_with(0);
}

/*
 * What was sent, a line for each record: "save CODE CONTENT" or "beside CODE NAME CONTENT". In a
 * static buffer.
 */
static const char *sent(void)
{
	static char text[4096];
	unsigned char bytes[4096];
	int fd = open("reply", O_RDONLY);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	size_t used = 0;

	close(fd);
	text[0] = '\0';
	for (ssize_t at = 0; at < size;) {
		const char *payload = (const char *)bytes + at + EDIT_RECORD_SIZE;
		struct edit_record record;
		int name = 0;

		ck_assert_int_eq(edit_record_decode(bytes + at, &record), 0);
		if (record.kind == EDIT_BESIDE)
			name = EDIT_BESIDE_NAME_SIZE;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %u %s%s%.*s\n",
					 name ? "beside" : "save", record.code, name ? payload : "",
					 name ? " " : "", (int)record.length - name,
					 payload + name);
		at += (ssize_t)(EDIT_RECORD_SIZE + record.length + EDIT_CRC_SIZE);
	}
	return text;
}

/* So many milliseconds pass, and at each moment that was asked for it is attended to. */
static void pass(int milliseconds)
{
	while (milliseconds > 0) {
		int step = saves_timeout(&saves);

		ck_assert_int_ge(step, 0);
		ck_assert_int_le(step, 1000);
		step = step < 1 ? 1 : step > milliseconds ? milliseconds : step;
		played_pass(step);
		milliseconds -= step;
		ck_assert_int_eq(saves_attend(&saves), 0);
	}
}

static void save(const char *content)
{
	make_file(workdir.path, content);
	ck_assert_int_eq(saves_attend(&saves), 0);
}

static void make_beside(const char *name, const char *content)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", workdir.directory, name);
	make_file(path, content);
}

START_TEST(pending)
{
	begin();
	ck_assert(!saves_pending(&saves));
	save("new");
	ck_assert(saves_pending(&saves));
	pass(499);
	ck_assert(saves_pending(&saves));
	ck_assert_str_eq(sent(), "");
	pass(1);
	ck_assert(!saves_pending(&saves));
	ck_assert_str_eq(sent(), "save 0 new\n");
	pass(100000);
	ck_assert_str_eq(sent(), "save 0 new\n");
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "save 0 new\n");
	saves_close(&saves);
}
END_TEST

/* Who saves all the time, more often than the quiet time. */
START_TEST(without_a_pause)
{
	begin();
	for (int i = 0; i < 20; i++) {
		save(i % 2 ? "odd" : "even");
		pass(200);
	}
	pass(500);
	ck_assert_str_eq(sent(), "save 0 odd\nsave 0 odd\nsave 0 odd\n");
	saves_close(&saves);
}
END_TEST

/* The user has no inotify instance left. */
START_TEST(without_inotify)
{
	static const int errors[] = {EMFILE, ENFILE, ENOSPC, ENOMEM};

	begin_with(errors[_i]);
	ck_assert(saves.blind);
	save("new");
	pass(1500);
	ck_assert_str_eq(sent(), "save 0 new\n");
	save("new");
	pass(1500);
	ck_assert_str_eq(sent(), "save 0 new\nsave 0 new\n");
	saves_close(&saves);
}
END_TEST

/*
 * Without inotify nobody knows that another file was put in its place when it was whole. An
 * application that keeps that one open is not for ever in the middle of a save.
 */
START_TEST(without_inotify_and_kept_open)
{
	pid_t pid;

	begin_with(EMFILE);
	make_file("tmp/new", "whole");
	MUST(rename("tmp/new", workdir.path));
	MUST(pid = fork());
	if (pid == 0) {
		MUST(open(workdir.path, O_RDWR));
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	pass(5000);
	ck_assert_str_eq(sent(), "");
	pass(15000);
	ck_assert_str_eq(sent(), "save 5 whole\n");
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
	saves_close(&saves);
}
END_TEST

/* Another program that has the file open, and writes to it when it is let go on. */
static pid_t keeper;

static void keep(void)
{
	int fd;

	MUST(keeper = fork());
	if (keeper == 0) {
		MUST(fd = open(workdir.path, O_RDWR));
		raise(SIGSTOP);
		if (write(fd, "saved", 5) != 5)
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(keeper, NULL, WUNTRACED), keeper);
}

static void let_it_write(void)
{
	MUST(kill(keeper, SIGCONT));
	ck_assert_int_eq(waitpid(keeper, NULL, WUNTRACED), keeper);
}

static void end_keeper(void)
{
	MUST(kill(keeper, SIGKILL));
	MUST(waitpid(keeper, NULL, 0));
}

/* The second call comes when it has just been opened. */
static void keep_then(void *argument)
{
	int *calls = argument;

	if (++*calls == 2)
		keep();
}

/* Who opens the file while this has it open itself is known to have had it when they write. */
START_TEST(opened_during_a_look)
{
	int calls = 0;

	begin();
	pass(1000);
	saves.read_events = keep_then;
	saves.observer = &calls;
	ck_assert(saves_open_elsewhere(&saves));
	pass(2000);
	let_it_write();
	pass(4500);
	ck_assert_str_eq(sent(), "save 0 saved\n");
	end_keeper();
	saves_close(&saves);
}
END_TEST

/* A process that is being started has what its starter has, and then it has not. */
START_TEST(gone_writers)
{
	struct writers before, found;
	struct stat status;
	pid_t pid;

	begin();
	keep();
	MUST(stat(workdir.path, &status));
	writers_find(&before, &workdir, &status);
	ck_assert_uint_eq(before.count, 1);
	MUST(pid = fork());
	if (pid == 0) {
		MUST(open(workdir.path, O_WRONLY));
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	writers_find(&found, &workdir, &status);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_eq(writers_new(&found, &before), 1);
	ck_assert(writers_new_only(&found, &before));
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
	ck_assert_uint_eq(writers_new(&found, &before), 0);
	ck_assert(!writers_new_only(&found, &before));
	end_keeper();
	saves_close(&saves);
}
END_TEST

/* The directory goes, and comes again soon: what stands in its place counts. */
START_TEST(directory_is_replaced)
{
	char directory[PATH_MAX];

	begin();
	strcpy(directory, workdir.directory);
	MUST(rename(directory, "aside"));
	make_file("aside/file", "not this");
	pass(500);
	ck_assert(saves_may_move(&saves));
	MUST(mkdir(directory, 0700));
	save("new");
	ck_assert(!saves_may_move(&saves));
	pass(1500);
	ck_assert_str_eq(workdir.directory, directory);
	ck_assert_str_eq(sent(), "save 0 new\n");
	saves_close(&saves);
}
END_TEST

/* It stays away, and so is where it was moved to; or it was removed, which is known at once. */
START_TEST(directory_is_moved)
{
	begin();
	MUST(rename(workdir.directory, "aside"));
	pass(900);
	ck_assert(saves_may_move(&saves));
	pass(1200);
	ck_assert(!saves_may_move(&saves));
	ck_assert_str_eq(workdir.base, "aside");
	make_file("aside/file", "new");
	pass(2000);
	ck_assert_str_eq(sent(), "save 0 new\n");
	MUST(unlink("aside/file"));
	MUST(rmdir("aside"));
	pass(10);
	ck_assert_int_eq(saves_attend(&saves), 0);
	ck_assert(!saves_may_move(&saves));
	saves_close(&saves);
}
END_TEST

/* One who saves while the save before is on its way, and is killed in the middle of that. */
static pid_t hasty;

static void kill_hasty(void)
{
	MUST(kill(hasty, SIGKILL));
	/* It has closed its files, and nobody has waited for it. */
	ck_assert_int_eq(waitid(P_PID, (id_t)hasty, &(siginfo_t){.si_pid = 0}, WEXITED | WNOWAIT),
			 0);
}

/* One piece is sent in between. */
static void kill_later(void)
{
	faults_before("write", kill_hasty);
}

static void write_half(void)
{
	int fd;

	MUST(hasty = fork());
	if (hasty == 0) {
		MUST(fd = open(workdir.path, O_WRONLY | O_TRUNC));
		MUST(write(fd, "half", 4));
		raise(SIGSTOP);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(hasty, NULL, WUNTRACED), hasty);
	faults_before("write", kill_later);
}

START_TEST(dies_while_another_save_is_sent)
{
	static char large[4 * STREAM_BUFFER_SIZE];
	char last[sizeof("half")] = "";
	struct edit_record record;
	unsigned char bytes[EDIT_RECORD_SIZE + 4 + EDIT_CRC_SIZE];
	int fd;

	begin();
	memset(large, 'x', sizeof(large) - 1);
	save(large);
	/* The record's header is the first. */
	faults_before("write", write_half);
	pass(2000);
	MUST(fd = open("reply", O_RDONLY));
	MUST(lseek(fd, -(off_t)sizeof(bytes), SEEK_END));
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	close(fd);
	ck_assert_int_eq(edit_record_decode(bytes, &record), 0);
	memcpy(last, bytes + EDIT_RECORD_SIZE, 4);
	ck_assert_str_eq(last, "half");
	ck_assert_uint_eq(record.code, EIO);
	MUST(waitpid(hasty, NULL, 0));
	saves_close(&saves);
}
END_TEST

/* Half of a save, in a process that is ended in the middle of it, or after it. */
static void die(bool close_before)
{
	pid_t pid;
	int fd;

	MUST(pid = fork());
	if (pid == 0) {
		fd = open(workdir.path, O_WRONLY | O_TRUNC);
		if (write(fd, "half", 4) != 4)
			_exit(1);
		if (close_before)
			close(fd);
		raise(SIGSTOP);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	ck_assert_int_eq(saves_attend(&saves), 0);
	played_pass(400);
	MUST(kill(pid, SIGKILL));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	saves_writer_died(&saves);
	ck_assert_int_eq(saves_attend(&saves), 0);
}

START_TEST(died_in_the_middle)
{
	begin();
	die(false);
	if (_i == 0)
		pass(1000);
	else
		ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "save 5 half\n");
	/* What is saved after that is good. */
	played_pass(1000);
	save("whole");
	pass(1000);
	ck_assert_str_eq(sent(), "save 5 half\nsave 0 whole\n");
	saves_close(&saves);
}
END_TEST

START_TEST(died_afterwards)
{
	begin();
	die(true);
	pass(1000);
	ck_assert_str_eq(sent(), "save 0 half\n");
	saves_close(&saves);
}
END_TEST

/* A save that was written elsewhere and put in its place is whole, whoever dies. */
START_TEST(died_after_a_rename)
{
	begin();
	make_beside("file.tmp", "whole");
	MUST(renameat(workdir.dir, "file.tmp", workdir.dir, "file"));
	saves_writer_died(&saves);
	ck_assert_int_eq(saves_attend(&saves), 0);
	pass(1000);
	ck_assert_str_eq(sent(), "save 0 whole\n");
	saves_close(&saves);
}
END_TEST

/* A transaction of a database that a crash has left. */
START_TEST(left_within_a_transaction)
{
	static const struct {
		const char *name, *begin, *sent;
	} journals[] = {
		{"file-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "save 5 SQLite format 3\n"},
		{"file-wal", "\x37\x7f\x06\x82", "save 5 SQLite format 3\n"},
		{"file-wal", "\x37\x7f\x06\x83", "save 5 SQLite format 3\n"},
		/* What begins otherwise is none, or its transaction is over. */
		{"file-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63", "save 0 SQLite format 3\n"},
		{"file-journal", "another file", "save 0 SQLite format 3\n"},
		{"file-wal", "", "save 0 SQLite format 3\n"},
	};
	char database[101] = "SQLite format 3";
	int fd;

	begin();
	make_beside(journals[_i].name, journals[_i].begin);
	MUST(fd = open(workdir.path, O_WRONLY | O_TRUNC));
	ck_assert_int_eq(write(fd, database, sizeof(database)), sizeof(database));
	close(fd);
	ck_assert_int_eq(saves_attend(&saves), 0);
	pass(1000);
	ck_assert_str_eq(sent(), journals[_i].sent);
	saves_close(&saves);
}
END_TEST

/* A large mapped file of which no event and no time tells. */
START_TEST(mapped)
{
	char *area;
	int fd;
	pid_t pid;

	begin();
	MUST(fd = open(workdir.path, O_RDWR));
	area = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(area, MAP_FAILED);
	close(fd);
	MUST(pid = fork()); /* it keeps the mapping: who looks does not count */
	if (pid == 0) {
		pause();
		_exit(0);
	}
	memcpy(area, "again", 5);
	pass(6000);
	ck_assert_str_eq(sent(), "save 0 again\n");
	memcpy(area, "third", 5);
	pass(8000);
	ck_assert_str_eq(sent(), "save 0 again\nsave 0 third\n");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	saves_close(&saves);
}
END_TEST

START_TEST(viewing_only)
{
	begin();
	saves.view_only = true;
	save("new");
	make_beside("other", "x");
	pass(10000);
	ck_assert(!saves_pending(&saves));
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "");
	saves_close(&saves);
}
END_TEST

/* ---- Beside ---- */

START_TEST(beside)
{
	char name[NAME_MAX + 1];

	begin();
	make_beside("other", "1");
	pass(1000);
	ck_assert_str_eq(sent(), "");
	pass(4000);
	ck_assert_str_eq(sent(), "beside 0 other 1\n");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 0);
	make_beside("other", "22");
	make_beside("other~", "x");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 1);
	ck_assert_str_eq(name, "other");
	ck_assert_int_eq(saves_send_last(&saves, false), 0);
	ck_assert_str_eq(sent(), "beside 0 other 1\nbeside 0 other 22\n");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 0);
	saves_close(&saves);
}
END_TEST

START_TEST(beside_not_taken)
{
	char name[NAME_MAX + 1];

	begin();
	saves.beside = false;
	ck_assert_uint_eq(saves_left_beside(&saves, name), 0);
	ck_assert_str_eq(name, "");
	MUST(mkdirat(workdir.dir, "empty", 0700));
	MUST(mkdirat(workdir.dir, "files", 0700));
	make_beside("files/.hidden", "x");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 0);
	make_beside("files/page.html", "x");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 1);
	ck_assert_str_eq(name, "files/");
	make_beside("one", "x");
	pass(10000);
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 2);
	saves_close(&saves);
}
END_TEST

/* More than there is room for: some come, and of the others it is known that they did not. */
START_TEST(beside_too_many)
{
	char name[NAME_MAX + 1];

	begin();
	for (int i = 0; i < BESIDE_NAMES_MAX + 7; i++) {
		snprintf(name, sizeof(name), "%d", i);
		make_beside(name, "");
	}
	reply.stream->out = open("/dev/null", O_WRONLY);
	pass(5000);
	ck_assert_uint_eq(saves.others->sent, BESIDE_NAMES_MAX);
	ck_assert_uint_eq(saves_left_beside(&saves, name), 7);
	saves_close(&saves);
}
END_TEST

START_TEST(beside_too_large)
{
	char name[NAME_MAX + 1];

	begin();
	saves.others->bytes = BESIDE_BYTES_MAX - 2;
	make_beside("large", "333");
	make_beside("small", "22");
	pass(6000);
	ck_assert_str_eq(sent(), "beside 0 small 22\n");
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "beside 0 small 22\n");
	ck_assert_uint_eq(saves_left_beside(&saves, name), 1);
	ck_assert_str_eq(name, "large");
	saves_close(&saves);
}
END_TEST

/* What is written to a page that is dirty already changes no time. */
START_TEST(beside_mapped)
{
	char path[2 * PATH_MAX];
	void *map;
	int fd;

	begin();
	make_beside("other", "1st");
	snprintf(path, sizeof(path), "%s/other", workdir.directory);
	MUST(fd = open(path, O_RDWR));
	map = mmap(NULL, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert(map != MAP_FAILED);
	close(fd);
	memcpy(map, "2nd", 3);
	pass(15000);
	ck_assert_str_eq(sent(), "beside 0 other 2nd\n");
	memcpy(map, "3rd", 3);
	munmap(map, 3);
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "beside 0 other 2nd\nbeside 0 other 3rd\n");
	saves_close(&saves);
}
END_TEST

START_TEST(beside_cut_off)
{
	begin();
	make_beside("export", "hal");
	ck_assert_int_eq(saves_attend(&saves), 0);
	saves_writer_died(&saves);
	ck_assert_int_eq(saves_send_last(&saves, true), 0);
	ck_assert_str_eq(sent(), "beside 5 export hal\n");
	saves_close(&saves);
}
END_TEST

static const struct {
	const char *name;
	enum beside_want want;
} names[] = {
	{"other", BESIDE_WANTED},
	{"report.txt", BESIDE_JUNK}, /* the file itself */
	{"report.pdf", BESIDE_WANTED},
	{"report.txt.bak", BESIDE_JUNK},
	{"report.bak", BESIDE_JUNK},
	{"report.orig", BESIDE_JUNK},
	{"summary.bak", BESIDE_WANTED}, /* of another file, perhaps by the user */
	{"report.txt~", BESIDE_JUNK},
	{"#report.txt#", BESIDE_JUNK},
	{"#1", BESIDE_WANTED},
	{".report.txt.swp", BESIDE_JUNK},
	{".~lock.report.txt#", BESIDE_JUNK},
	{".#report.txt", BESIDE_JUNK},
	{".goutputstream-ABC", BESIDE_JUNK},
	{".nfs0001", BESIDE_JUNK},
	{".fuse_hidden1", BESIDE_JUNK},
	{"~$report.txt", BESIDE_JUNK},
	{"x.tmp", BESIDE_LATER},
	{"X.TMP", BESIDE_LATER},
	{"x.part", BESIDE_LATER},
	{"x.lock", BESIDE_LATER},
	{"x-journal", BESIDE_JUNK},
	{"x-wal", BESIDE_LATER},
	{"report.txt-wal", BESIDE_LATER},
	{"x-shm", BESIDE_JUNK},
	{"tmp", BESIDE_WANTED},
	{"my-journal.txt", BESIDE_WANTED},
	{"Cargo.lock", BESIDE_LATER},
	{"report.txt.lock", BESIDE_JUNK},
	{"report.tmp", BESIDE_JUNK},
	{".report.txt.kate-swp", BESIDE_JUNK},
	{".env", BESIDE_LATER},
};

START_TEST(names_that_are_wanted)
{
	ck_assert_msg(beside_want(names[_i].name, "report.txt") == names[_i].want, "%s",
		      names[_i].name);
}
END_TEST

Suite *saves_suite(void)
{
	Suite *suite = suite_create("saves");
	TCase *tcase = add_case(suite, "saves"), *others = add_case(suite, "beside");

	tcase_add_test(tcase, pending);
	tcase_add_test(tcase, without_a_pause);
	tcase_add_loop_test(tcase, without_inotify, 0, 4);
	tcase_add_test(tcase, without_inotify_and_kept_open);
	tcase_add_test(tcase, opened_during_a_look);
	tcase_add_test(tcase, gone_writers);
	tcase_add_test(tcase, directory_is_replaced);
	tcase_add_test(tcase, directory_is_moved);
	tcase_add_test(tcase, dies_while_another_save_is_sent);
	tcase_add_loop_test(tcase, died_in_the_middle, 0, 2);
	tcase_add_test(tcase, died_afterwards);
	tcase_add_test(tcase, died_after_a_rename);
	tcase_add_loop_test(tcase, left_within_a_transaction, 0, 6);
	tcase_add_test(tcase, mapped);
	tcase_add_test(tcase, viewing_only);
	tcase_add_test(others, beside);
	tcase_add_test(others, beside_not_taken);
	tcase_add_test(others, beside_too_many);
	tcase_add_test(others, beside_too_large);
	tcase_add_test(others, beside_mapped);
	tcase_add_test(others, beside_cut_off);
	add_table_test(others, names_that_are_wanted, names);
	return suite;
}
