/*
 * Each call of the library fails once, in turn: what was promised holds all the same. (Of the
 * parser's calls see test_unpack_disk.c.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editor.h"
#include "open/editwire.h"
#include "unit.h"

#include "faults.h"
#include "io/walk.h"
#include "receive/commit/commit.h"
#include "receive/commit/sweep.h"
#include "receive/commit/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct qfile_error error;
static struct cancel never = {.stop = -1, .deadline = INT64_MAX};
static const struct commit_options fail = {.on_conflict = QFILE_CONFLICT_FAIL, .spare = UINT64_MAX};
static struct staging staging;
static int incoming;

/* Which call of a scene fails. */
struct fault {
	unsigned number;
	int error;
	bool lasting;
};

static void begin_fault(const struct fault *fault)
{
	faults_begin(fault->number, fault->error, fault->lasting);
}

static void stage(void)
{
	scratch_enter();
	make_dir("in");
	make_file("in/older", "old");
	incoming = open_dir("in");
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
}

/* The path of something in the staged tree, in a static buffer. */
static const char *staged(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "in/%s/%s/%s", staging.name, STAGING_TREE, name);
	return path;
}

/* What stands in "in" without staging directories, the next receiver having been there. */
static const char *delivered(void)
{
	sweep_here(incoming);
	return names_in("in");
}

/* ---- Scenes: each does its work with a fault and judges what came of it ---- */

/*
 * Whole or invisible; a success is whole, a failure invisible, also to the next receiver. Only
 * where nothing works any more a commit cannot be taken back: then it is whole.
 */
static void judge_delivery(int r, const struct fault *fault, const char *whole)
{
	const char *names = delivered();

	if (r < 0 && !(fault->lasting && strcmp(names, whole) == 0))
		whole = "older";
	ck_assert_msg(strcmp(names, whole) == 0, "call %u, %s: %d, and there is: %s instead of %s",
		      fault->number, faults_failed(), r, names, whole);
	ck_assert_str_eq(content_of("in/older"), "old");
}

static void commit_one(const struct fault *fault)
{
	unsigned renamed = 0;
	int r;

	stage();
	make_file(staged("report"), "new");
	begin_fault(fault);
	r = commit(&staging, &fail, &never, &renamed, &error);
	faults_end();
	staging_remove(&staging);
	judge_delivery(r, fault, "older report");
}

/* Several, which a rename to `commit` decides; one of them is `widened` for a moment. */
static void commit_several(const struct fault *fault)
{
	unsigned renamed = 0;
	int r;

	stage();
	make_file(staged("a"), "a");
	make_dir(staged("sealed"));
	MUST(chmod(staged("sealed"), 0500));
	make_file(staged("z"), "z");
	begin_fault(fault);
	r = commit(&staging, &fail, &never, &renamed, &error);
	faults_end();
	/*
	 * Where nothing works any more, the staging directory cannot be removed either: the next
	 * receiver does what there is to do.
	 */
	if (r < 0 && fault->lasting)
		staging_close(&staging);
	else
		staging_remove(&staging);
	judge_delivery(r, fault, "a older sealed z");
	if (r == 0)
		ck_assert_uint_eq(mode_of("in/sealed"), 0500);
}

/*
 * The next receiver, of what one that was killed had decided. What it cannot finish it leaves to
 * the one after it.
 */
static void finish_decided(const struct fault *fault)
{
	unsigned renamed = 0;

	stage();
	make_file(staged("a"), "a");
	make_file(staged("b"), "b");
	ck_assert_int_eq(commit(&staging, &fail, &never, &renamed, &error), 0);
	/* Back to the decision. */
	MUST(renameat(incoming, "a", staging.dir, STAGING_COMMIT "/a"));
	MUST(renameat(incoming, "b", staging.dir, STAGING_COMMIT "/b"));
	staging_close(&staging);
	begin_fault(fault);
	sweep_here(incoming);
	faults_end();
	judge_delivery(0, fault, "a b older");
}

/* What cannot be made, or removed, is gone after the next receiver. */
static void create(const struct fault *fault)
{
	unsigned before;
	int r;

	scratch_enter();
	make_dir("in");
	make_file("in/older", "old");
	incoming = open_dir("in");
	before = open_descriptors();
	begin_fault(fault);
	r = staging_create(&staging, incoming);
	faults_end();
	if (r == 0)
		staging_close(&staging);
	ck_assert_uint_eq(open_descriptors(), before);
	judge_delivery(-1, fault, "older");
}

static void remove_staging(const struct fault *fault)
{
	unsigned before;
	int r;

	stage();
	before = open_descriptors() - 2;
	make_file(staged("file"), "x");
	make_dir(staged("dir"));
	make_dir(staged("dir/dir"));
	make_file(staged("dir/dir/file"), "x");
	begin_fault(fault);
	r = staging_remove(&staging);
	faults_end();
	ck_assert_msg(r < 0 || strcmp(names_in("in"), "older") == 0, "call %u, %s: not gone",
		      fault->number, faults_failed());
	ck_assert_uint_eq(open_descriptors(), before);
	judge_delivery(-1, fault, "older");
}

#define HONEST_ENTRIES 6

static void make_tree(void)
{
	make_dir(staged("d"));
	make_file(staged("d/f"), "x");
	make_link(staged("d/l"), "f");
	make_dir(staged("d/sealed"));
	make_file(staged("d/sealed/f"), "x");
	MUST(chmod(staged("d/sealed"), 0));
	make_file(staged("f"), "x");
}

/* An honest tree may be refused for an error, and nothing else. */
static void verify_honest(const struct fault *fault)
{
	unsigned before;
	int r;

	stage();
	make_tree();
	before = open_descriptors();
	begin_fault(fault);
	r = verify(&staging, 0, 0, HONEST_ENTRIES, &never, &error);
	faults_end();
	ck_assert_uint_eq(open_descriptors(), before);
	if (r == 0)
		ck_assert_msg(!faults_failed() || strcmp(faults_failed(), "close") == 0,
			      "%s went unnoticed", faults_failed());
	else
		ck_assert_ptr_nonnull(faults_failed());
	staging_remove(&staging);
}

/* A dishonest one never passes for an error. */
static void verify_dishonest(const struct fault *fault)
{
	int r;

	stage();
	make_tree();
	make_link(staged("d/bad"), "/etc/passwd");
	begin_fault(fault);
	r = verify(&staging, 0, 0, HONEST_ENTRIES + 1, &never, &error);
	faults_end();
	ck_assert_int_lt(r, 0);
	staging_remove(&staging);
}

static struct qfile_source source = {.path = (char[]){"tree"}, .base = (char[]){"tree"}};

static void make_source(void)
{
	scratch_enter();
	make_dir("tree");
	make_file("tree/f", "content");
	make_link("tree/l", "f");
	make_dir("tree/d");
	make_file("tree/d/f", "content");
	make_file("tree/large", "");
	MUST(truncate("tree/large", 600000));
}

/*
 * Send it, note it, and remove it. What was not sent whole is an error; what is removed was sent.
 */
static void send_and_remove(const struct fault *fault)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *sender = NULL;
	struct qfile_remover *remover = NULL;
	struct qfile_size sent = {.bytes = 0};
	unsigned before, kept = 0;
	int fds[2], r, removed = -1;

	make_source();
	MUST(options.journal = open("journal", O_RDWR | O_CREAT, 0600));
	MUST(options.out = open("/dev/null", O_WRONLY));
	MUST(pipe(fds));
	options.in = fds[0];
	before = open_descriptors();
	begin_fault(fault);
	r = qfile_sender_new(&sender, &options);
	if (r == 0) {
		qfile_sender_begin(sender, &source);
		while ((r = qfile_sender_step(sender, &error)) == QFILE_STEP_SENT)
			;
		sent = qfile_sender_sent(sender);
	}
	qfile_sender_free(sender);
	if (r == QFILE_STEP_DONE && qfile_remover_new(&remover, options.journal) == 0) {
		while ((removed = qfile_remover_next(remover, &error)) > 0)
			kept++;
		qfile_remover_free(remover);
	}
	faults_end();
	ck_assert_uint_eq(open_descriptors(), before);
	if (r == QFILE_STEP_DONE)
		ck_assert_msg(sent.bytes == 600014 && sent.entries == 6,
			      "call %u, %s: not all was sent", fault->number, faults_failed());
	else
		ck_assert_msg(exists("tree/d/f") && exists("tree/large") && exists("tree/l") &&
				      exists("tree/f"),
			      "call %u: removed", fault->number);
	/* Said to be gone, and gone. */
	if (removed == 0 && kept == 0)
		ck_assert_msg(!exists("tree"), "call %u, %s: still there", fault->number,
			      faults_failed());
	if (!faults_failed())
		ck_assert(!exists("tree"));
}

/* A file that was changed after it was sent stays, whatever fails. */
static void remove_changed(const struct fault *fault)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *sender;
	struct qfile_remover *remover;
	int fds[2];

	make_source();
	MUST(options.journal = open("journal", O_RDWR | O_CREAT, 0600));
	MUST(options.out = open("/dev/null", O_WRONLY));
	MUST(pipe(fds));
	options.in = fds[0];
	ck_assert_int_eq(qfile_sender_new(&sender, &options), 0);
	qfile_sender_begin(sender, &source);
	while (qfile_sender_step(sender, &error) == QFILE_STEP_SENT)
		;
	qfile_sender_free(sender);
	make_file("tree/new", "x");
	make_file("tree/d/f", "changed meanwhile");
	begin_fault(fault);
	if (qfile_remover_new(&remover, options.journal) == 0) {
		while (qfile_remover_next(remover, &error) > 0)
			;
		qfile_remover_free(remover);
	}
	faults_end();
	ck_assert(exists("tree/new"));
	ck_assert_str_eq(content_of("tree/d/f"), "changed meanwhile");
}

/* What looking finds is right, or told as left out, or an error; and nothing is sent. */
static void look(const struct fault *fault)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *sender = NULL;
	struct qfile_size size = {.bytes = 0};
	unsigned before, left_out = 0;
	int r;

	make_source();
	options.flags = QFILE_LOOK_ONLY | QFILE_DEREFERENCE;
	before = open_descriptors();
	begin_fault(fault);
	r = qfile_sender_new(&sender, &options);
	if (r == 0) {
		qfile_sender_begin(sender, &source);
		while ((r = qfile_sender_step(sender, &error)) > 0)
			left_out += r == QFILE_STEP_UNREADABLE || r == QFILE_STEP_VANISHED;
		size = qfile_sender_sent(sender);
	}
	qfile_sender_free(sender);
	faults_end();
	ck_assert_uint_eq(open_descriptors(), before);
	if (r < 0 || left_out)
		ck_assert_ptr_nonnull(faults_failed());
	else
		ck_assert_msg(size.entries == 6 && size.bytes == 600021, "call %u, %s: %d",
			      fault->number, faults_failed(), r);
}

static struct editor *editor;

static int new_editor(void)
{
	static const struct edit_request request = {.name = "file", .length = 7};
	unsigned char bytes[EDIT_REQUEST_SIZE];
	struct editor_options options = {.stop = -1, .directory = "tmp", .max_bytes = UINT64_MAX};

	edit_request_encode(&request, bytes);
	options.in = open("in", O_RDWR | O_CREAT, 0600);
	MUST(options.in);
	ck_assert_int_eq(write(options.in, bytes, sizeof(bytes)) + write(options.in, "content", 7),
			 sizeof(bytes) + 7);
	MUST(lseek(options.in, 0, SEEK_SET));
	MUST(options.out = open("result", O_RDWR | O_CREAT, 0600));
	return editor_new(&editor, &options);
}

/* Receive a file that is to be edited: it is there whole, or refused. */
static void receive_to_edit(const struct fault *fault)
{
	int r;

	scratch_enter();
	make_dir("tmp");
	ck_assert_int_eq(new_editor(), 0);
	begin_fault(fault);
	r = editor_receive(editor, &error);
	faults_end();
	if (r == 0)
		ck_assert_str_eq(content_of(editor_path(editor)), "content");
	else
		ck_assert_msg(faults_failed() && error.code == -r, "%d", r);
	ck_assert_int_eq(editor_free(editor), 0);
	/* What was made cannot be removed where nothing works any more. */
	if (!fault->lasting)
		ck_assert_str_eq(names_in("tmp"), "");
}

/* In the end nothing of it is left, or it is said so. */
static void end_editing(const struct fault *fault)
{
	char path[4096 + 16];
	unsigned before;
	int r, freed;

	scratch_enter();
	make_dir("tmp");
	before = open_descriptors();
	ck_assert_int_eq(new_editor(), 0);
	ck_assert_int_eq(editor_receive(editor, &error), 0);
	snprintf(path, sizeof(path), "%s.d", editor_path(editor));
	make_dir(path);
	strcat(path, "/f");
	make_file(path, "");
	begin_fault(fault);
	r = editor_done(editor, 0, "");
	freed = editor_free(editor);
	faults_end();
	ck_assert_uint_eq(open_descriptors(), before + 2);
	if (r < 0)
		ck_assert_ptr_nonnull(faults_failed());
	ck_assert_msg(freed < 0 || strcmp(names_in("tmp"), "") == 0, "call %u, %s: left: %s",
		      fault->number, faults_failed(), names_in("tmp"));
}

/* ---- All of them ---- */

static const struct {
	const char *name;
	void (*play)(const struct fault *fault);
} scenes[] = {
	{"commit one", commit_one},
	{"commit several", commit_several},
	{"finish what was decided", finish_decided},
	{"create a staging directory", create},
	{"remove a staging directory", remove_staging},
	{"verify an honest tree", verify_honest},
	{"verify a dishonest tree", verify_dishonest},
	{"send and remove", send_and_remove},
	{"remove what changed", remove_changed},
	{"look", look},
	{"receive a file that is to be edited", receive_to_edit},
	{"end editing", end_editing},
};

static void play_with_each_fault(int scene, int error_number, bool lasting)
{
	struct fault fault = {.error = error_number, .lasting = lasting};

	do {
		fault.number++;
		scenes[scene].play(&fault);
	} while (faults_failed());
	ck_assert_msg(fault.number > 4, "%s: only %u calls", scenes[scene].name, fault.number - 1);
}

START_TEST(one_call_fails)
{
	play_with_each_fault(_i, EIO, false);
}
END_TEST

START_TEST(one_call_finds_no_memory)
{
	play_with_each_fault(_i, ENOMEM, false);
}
END_TEST

START_TEST(all_calls_from_one_on_fail)
{
	play_with_each_fault(_i, EIO, true);
}
END_TEST

Suite *faults_suite(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = add_case(suite, "each call");

	add_table_test(tcase, one_call_fails, scenes);
	add_table_test(tcase, one_call_finds_no_memory, scenes);
	add_table_test(tcase, all_calls_from_one_on_fail, scenes);
	return suite;
}
