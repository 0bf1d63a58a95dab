/*
 * The editor's session: what comes in is stored, what is saved goes back, and nothing stays.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editor.h"
#include "open/editwire.h"
#include "unit.h"

#include "io/stream.h"
#include "played.h"
#include "system/bytes.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct qfile_error error;

/*
 * Write a file called "in": a request of this version, and the content. `length`: what version 2
 * announces.
 */
static void make_stream(int version, const char *name, bool view_only, uint64_t length,
			const char *content)
{
	unsigned char bytes[EDIT_REQUEST_SIZE] = {0};
	struct edit_request request = {.view_only = view_only, .length = length};
	int fd = open("in", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (version == 2) {
		snprintf(request.name, sizeof(request.name), "%s", name);
		edit_request_encode(&request, bytes);
	} else {
		snprintf((char *)bytes, sizeof(bytes), "%s%s", view_only ? "view-only-" : "", name);
	}
	if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    write(fd, content, strlen(content)) != (ssize_t)strlen(content))
		abort();
	close(fd);
}

/*
 * What the file `path` holds as a reply, one line for each record: "save CONTENT" or "done CODE
 * MESSAGE". In a static buffer.
 */
static const char *records_in(const char *path)
{
	static char text[4096];
	unsigned char bytes[4096];
	int fd = open(path, O_RDONLY);
	size_t size = (size_t)read(fd, bytes, sizeof(bytes)), at = 0, used = 0;

	close(fd);
	text[0] = '\0';
	while (at < size) {
		struct edit_record record;
		const char *payload = (const char *)bytes + at + EDIT_RECORD_SIZE;

		if (size - at < EDIT_RECORD_SIZE || edit_record_decode(bytes + at, &record) < 0)
			return "no record";
		at += EDIT_RECORD_SIZE + (size_t)record.length + EDIT_CRC_SIZE;
		if (at > size)
			return "a record that is cut";
		/* The first one, which says that this is version 2. */
		if (record.kind == EDIT_NOTE && record.length == 0 && used == 0)
			continue;
		if (record.kind == EDIT_NOTE)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "note %.*s\n",
						 (int)record.length, payload);
		else if (record.kind == EDIT_SAVE)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "save %.*s\n",
						 (int)record.length, payload);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, "done %u %.*s\n",
						 record.code, (int)record.length, payload);
	}
	return text;
}

/* ---- Receiving ---- */

static struct editor *editor;

/*
 * A new editor that reads the file "in", replies to the file "reply", and makes its directory in
 * "tmp".
 */
static void new_editor(uint64_t max_bytes, int stop)
{
	struct editor_options options = {
		.stop = stop, .directory = "tmp", .from = "work", .max_bytes = max_bytes};

	MUST(options.in = open("in", O_RDONLY));
	MUST(options.out = open("reply", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	ck_assert_int_eq(editor_new(&editor, &options), 0);
}

START_TEST(new)
{
	struct editor_options options = {
		.in = -1, .out = -1, .stop = -1, .directory = "/nonexistent", .from = "no/vm"};

	ck_assert_int_eq(editor_new(&editor, &options), -EINVAL);
	options.from = "";
	ck_assert_int_eq(editor_new(&editor, &options), -EINVAL);
	options.from = NULL;
	ck_assert_int_eq(editor_new(&editor, &options), 0);
	ck_assert_int_eq(editor_free(editor), 0);
	ck_assert_int_eq(editor_free(NULL), 0);
}
END_TEST

#define NAME_231                                                                                   \
	"3456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" \
	"12345678901234567890123456789012345678901234567890"                                       \
	"1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678" \
	"9.txt"
#define NAME_255 "123456789012345678901234" NAME_231

static const struct {
	int version;
	const char *name;
	bool view_only;
	const char *content, *stored_as;
} requests[] = {
	{2, "report.txt", false, "content", "report.txt"},
	{2, "report.txt", true, "content", "report.txt"},
	{2, "report.txt", false, "", "report.txt"},
	{2, "view-only-report.txt", false, "content", "view-only-report.txt"},
	{2, "a\nb/c\x1b[31m.txt", false, "content", "a_b_c_[31m.txt"},
	{2, "../../etc/passwd", false, "content", ".._.._etc_passwd"},
	{2, "-rf", false, "content", "-rf"},
	{2, NAME_231, false, "content", NAME_231},
	{1, "report.txt", false, "content", "report.txt"},
	{1, "report.txt", true, "content", "report.txt"},
	{1, "report.txt", false, "", "report.txt"},
	{1, NAME_255, false, "content", NAME_255},
};

START_TEST(receive)
{
	unsigned before;
	char *path;

	scratch_enter();
	make_dir("tmp");
	make_stream(requests[_i].version, requests[_i].name, requests[_i].view_only,
		    strlen(requests[_i].content), requests[_i].content);
	new_editor(UINT64_MAX, -1);
	before = open_descriptors();
	ck_assert_int_eq(editor_receive(editor, &error), 0);
	path = strdup(editor_path(editor));
	ck_assert_int_eq(path[0], '/');
	ck_assert_str_eq(strrchr(path, '/') + 1, requests[_i].stored_as);
	ck_assert_str_eq(content_of(path), requests[_i].content);
	ck_assert_uint_eq(mode_of(path), requests[_i].view_only ? 0400 : 0600);
	ck_assert(editor_view_only(editor) == requests[_i].view_only);
	/* The directory, and the one that it is in. */
	ck_assert_uint_eq(open_descriptors(), before + 2);
	*strrchr(path, '/') = '\0';
	ck_assert_uint_eq(mode_of(path), 0700);
	ck_assert_ptr_nonnull(strstr(path, "/tmp/qopen-work-"));
	free(path);
	ck_assert_uint_eq(editor_saves(editor), 0);
	ck_assert_int_eq(editor_done(editor, 0, ""), 0);
	ck_assert_str_eq(names_in("tmp"), "");
	ck_assert_str_eq(records_in("reply"), requests[_i].version == 2 ? "done 0 \n" : "");
	ck_assert_int_eq(editor_free(editor), 0);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* ---- What is refused ---- */

static void set_in(off_t length)
{
	MUST(truncate("in", length));
}

static void nothing_at_all(void)
{
	set_in(0);
}

static void half_a_request(void)
{
	set_in(EDIT_REQUEST_SIZE - 1);
}

static void half_a_content(void)
{
	set_in(EDIT_REQUEST_SIZE + 6);
}

/* Change a byte of the request. */
static void flip(off_t at)
{
	unsigned char byte;
	int fd = open("in", O_RDWR);

	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void wrong_crc(void)
{
	flip(0);
}

static void of_length(uint64_t length)
{
	make_stream(2, "report.txt", false, length, "content");
}

static void too_long(void)
{
	of_length(101);
}

static void far_too_long(void)
{
	of_length(INT64_MAX);
}

static void too_long_for_the_disk(void)
{
	of_length((uint64_t)1 << 60);
}

static void too_long_of_version_1(void)
{
	char content[102];

	memset(content, 'x', 101);
	content[101] = '\0';
	make_stream(1, "report.txt", false, 0, content);
}

static void a_name_that_is_none(void)
{
	make_stream(2, "..", false, 7, "content");
}

static void no_directory(void)
{
	MUST(rmdir("tmp"));
}

static void a_file_for_a_directory(void)
{
	no_directory();
	make_file("tmp", "");
}

static const struct {
	const char *label;
	void (*spoil)(void);
	uint64_t max_bytes;
	int code;
	const char *reply; /* where nothing is known of the opener, nothing may be sent */
} refusals[] = {
	{"nothing at all", nothing_at_all, 100, ENODATA, ""},
	{"half a request", half_a_request, 100, ENODATA, ""},
	{"half a content", half_a_content, 100, ENODATA, "done 61 why\n"},
	{"a checksum that is wrong", wrong_crc, 100, EINVAL, "done 22 why\n"},
	{"one byte too long", too_long, 100, EDQUOT, "done 122 why\n"},
	{"far too long", far_too_long, 100, EDQUOT, "done 122 why\n"},
	{"too long for the disk", too_long_for_the_disk, UINT64_MAX, ENOSPC, "done 28 why\n"},
	{"too long, in version 1", too_long_of_version_1, 100, EDQUOT, ""},
	{"a name that is none", a_name_that_is_none, 100, EINVAL, "done 22 why\n"},
	{"no directory to make one in", no_directory, 100, ENOENT, "done 2 why\n"},
	{"a file for a directory", a_file_for_a_directory, 100, ENOTDIR, "done 20 why\n"},
};

START_TEST(refuse)
{
	const char *label = refusals[_i].label;
	unsigned before;
	int r;

	scratch_enter();
	make_dir("tmp");
	make_stream(2, "report.txt", false, 7, "content");
	refusals[_i].spoil();
	new_editor(refusals[_i].max_bytes, -1);
	before = open_descriptors();
	r = editor_receive(editor, &error);
	ck_assert_msg(r == -refusals[_i].code && error.code == refusals[_i].code, "%s: %d", label,
		      r);
	ck_assert_ptr_nonnull(error.doing);
	ck_assert_int_eq(editor_done(editor, error.code, "why"), 0);
	ck_assert_msg(strcmp(records_in("reply"), refusals[_i].reply) == 0, "%s: %s", label,
		      records_in("reply"));
	ck_assert_int_eq(editor_free(editor), 0);
	if (exists("tmp/."))
		ck_assert_msg(strcmp(names_in("tmp"), "") == 0, "%s: left: %s", label,
			      names_in("tmp"));
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(just_long_enough)
{
	scratch_enter();
	make_dir("tmp");
	for (int version = 1; version <= 2; version++) {
		make_stream(version, "report.txt", false, 7, "content");
		new_editor(7, -1);
		ck_assert_int_eq(editor_receive(editor, &error), 0);
		ck_assert_int_eq(editor_free(editor), 0);
	}
}
END_TEST

/* An opener that falls silent in its request, or in the content. */
START_TEST(stop_while_receiving)
{
	struct editor_options options = {.directory = "tmp", .max_bytes = UINT64_MAX};
	unsigned char bytes[EDIT_REQUEST_SIZE + 7];
	int in[2], stop[2], fd;

	scratch_enter();
	make_dir("tmp");
	make_stream(2, "report.txt", false, 8, "content");
	MUST(fd = open("in", O_RDONLY));
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	for (size_t sent = 0; sent <= sizeof(bytes); sent += sizeof(bytes)) {
		MUST(pipe(in));
		MUST(pipe(stop));
		options.in = in[0];
		options.stop = stop[0];
		MUST(options.out = open("reply", O_WRONLY | O_CREAT | O_TRUNC, 0600));
		ck_assert_int_eq(write(in[1], bytes, sent), (ssize_t)sent);
		ck_assert_int_eq(write(stop[1], "", 1), 1);
		ck_assert_int_eq(editor_new(&editor, &options), 0);
		ck_assert_int_eq(editor_receive(editor, &error), -ECANCELED);
		ck_assert_int_eq(editor_done(editor, ECANCELED, ""), 0);
		ck_assert_int_eq(editor_free(editor), 0);
		ck_assert_str_eq(names_in("tmp"), "");
	}
}
END_TEST

/*
 * ---- Whole sessions, each in a process and a directory of its own, all at once. Their time is
 * played ----
 */

struct session {
	const char *label;
	const char *script; /* the handler: "$file" is the file */
	/* A script that no handler has started, in the same directory; or NULL. */
	const char *stranger;
	int version; /* 0 stands for 2 */
	bool view_only;
	/* The reply goes through a fifo called "pipe", which the stranger reads. */
	bool piped;
	/* There is a screen, and the stranger is on it: who may have been handed the file. */
	bool screen;
	/* The stranger's program cannot be read, so that /proc shows less of it, but to root. */
	bool hides;
	/* There is a session bus, which may start somebody. */
	bool bus;
	/* The private directory stays, with these names in it. */
	const char *left;
	int result, status; /* of editor_run() */
	/* As records_in() tells it, without "done 0"; of version 1 the bytes. */
	const char *reply;
};

/*
 * For all scripts. `pass N`: let N milliseconds pass, and the editor do all that they bring (see
 * played.h). `quiet`: as many as the editor waits for after a save. `gone PID`: wait until the
 * editor knows that this process, its handler, has ended. `arrived`: until the first record and one
 * version have come through the fifo, which another process reads.
 */
static const char prelude[] =
	"file=$1\n"
	"exec 9>\"$here/time\" 8<\"$here/passed\"\n"
	"pass() { echo \"$1\" >&9; read -r line <&8 || exit 1; }\n"
	"quiet() { pass 500; }\n"
	"gone() { while kill -0 \"$1\" 2>&-; do pass 0; done; pass 0; }\n"
	"arrived() { until [ \"$(stat -c %s \"$here/reply\")\" = 58 ]; do sleep 0.02; done; }\n";

/* Who waits here is ended, or killed as a stranger. */
#define WAIT "exec sleep 1000"
/* A stranger who waits, and holds no time up. */
#define LIVE_ON WAIT " 9>&-"

/* The handler hands the file over to the stranger. */
#define HAND_OVER "echo \"$$ $file\" >handed; "
/* The stranger takes it, */
#define TAKE "read -r handler file <handed; "
/* when the handler has ended, and nobody has the file in use. */
#define TAKE_LATE TAKE "gone $handler; "

/*
 * Time passes at once: so that it is seen what is not known, and that it stays so. Other processes
 * of this machine may be in the way of one look: then the two after it show that.
 */
#define NOTED "pass 500; pass 2500; pass 2500; pass 2500; "

/* More looks than one, for the same reason. */
#define LOOKS "pass 500; pass 500; pass 500; "

/* What the opener's user is told. */
#define NOT_YET                                                                                 \
	"note no application has the file yet; one may still be starting in the VM that opens " \
	"it\n"
#define NOT_NOW                                                                                 \
	"note no application has the file now; one may still be starting in the VM that opens " \
	"it\n"
#define BUS "DBUS_SESSION_BUS_ADDRESS=unix:path=/no/such/bus"
#define PERHAPS                                                                                 \
	"note an application that was running already perhaps has the file, and does not show " \
	"when "                                                                                 \
	"it closes it; what is saved comes back; when you are done there, end this: in a "      \
	"terminal, "                                                                            \
	"press Ctrl-C\n"

/* The names that are left for a user who goes on. */
#define LEFT "NOT SENT BACK - report.txt.txt report.txt"

/* Each needs two inotify instances, of which an account has 128 in all, others of this run too. */
#define SESSIONS_AT_ONCE 12

static const struct session sessions[] = {
	/* Ways to save. */
	{"in place", "echo new >\"$file\"", .reply = "save new\n\n"},
	{"in place, twice", "echo 1 >\"$file\"; quiet; echo 2 >\"$file\"; quiet",
	 .reply = "save 1\n\nsave 2\n\n"},
	{"renamed over, twice",
	 "for i in 1 2; do echo $i >\"$file.tmp\"; mv \"$file.tmp\" \"$file\"; quiet; done",
	 .reply = "save 1\n\nsave 2\n\n"},
	{"moved away and written anew",
	 "for i in 1 2; do mv \"$file\" \"$file~\"; echo $i >\"$file\"; quiet; done",
	 .reply = "save 1\n\nsave 2\n\n"},
	{"deleted and written anew", "rm \"$file\"; echo new >\"$file\"; quiet; rm \"$file\"",
	 .reply = "save new\n\n"},
	{"many goes, one save",
	 "i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo $i >\"$file\"; [ $((i % 200)) -gt 0 ] "
	 "|| pass 149; done; quiet",
	 .reply = "save 2000\n\n"},
	{"sent after the quiet time",
	 "echo new >\"$file\"; pass 499; [ ! -s reply ] || exit 9; pass 1; [ -s reply ] || exit "
	 "9",
	 .reply = "save new\n\n"},
	{"to empty", ": >\"$file\"; quiet; pass 100", .reply = "save \n"},
	{"back to what it was", "cp \"$file\" old; echo new >\"$file\"; quiet; cat old >\"$file\"",
	 .reply = "save new\n\nsave old\n"},
	{"only touched, or opened for writing",
	 "touch \"$file\"; chmod 400 \"$file\"; chmod 600 \"$file\"; quiet; : <>\"$file\"; quiet",
	 .reply = ""},
	{"what it was already", "cp \"$file\" copy; cp copy \"$file\"; quiet",
	 .reply = "save old\n"},
	{"the same twice", "echo new >\"$file\"; quiet; echo new >\"$file\"; quiet; pass 9000",
	 .reply = "save new\n\nsave new\n\n"},
	{"half of it, then a long pause",
	 "exec 3>\"$file\"; echo half >&3; pass 300; : <>\"$file\"; read -r x <\"$file\"; pass "
	 "99000; "
	 "[ ! -s reply ] || exit 9; echo whole >&3; exec 3>&-; quiet",
	 .reply = "save half\nwhole\n\n"},
	{"kept open by who had it open before",
	 "exec 3<>\"$file\"; pass 1000; echo new >&3; pass 2900; [ ! -s reply ] || exit 9; pass "
	 "1100; [ -s reply ] || exit 9; echo more >&3; pass 4000",
	 .reply = "save new\n\nsave new\nmore\n\n"},
	{"kept open by who opened it afterwards",
	 "echo new >\"$file\"; exec 3<>\"$file\"; pass 2600; pass 1500; [ -s reply ] || exit 9",
	 .reply = "save new\n\n"},
	{"kept open by who put it in its place",
	 "exec 3<>\"$file.n\"; echo n >&3; mv \"$file.n\" \"$file\"; pass 2600; pass 1500; [ -s "
	 "reply ] || "
	 "exit 9",
	 .reply = "save n\n\n"},
	{"kept open, and nobody knows",
	 "exec 3<>\"$file\"; echo new >&3; pass 9900; [ ! -s reply ] || exit 9; pass 1100; [ -s "
	 "reply "
	 "] || exit 9",
	 .reply = "save new\n\n"},
	{"not closed: no save before the end",
	 "exec 3>\"$file\"; echo half >&3; pass 1000; [ ! -s reply ] || exit 9; echo whole >&3",
	 .reply = "save half\nwhole\n\n"},
	{"unreadable afterwards",
	 "echo new >\"$file\"; chmod 0 \"$file\"; quiet; [ -s reply ] || exit 9",
	 .reply = "save new\n\n"},
	{"while other files change",
	 "echo new >\"$file\"; for i in 1 2 3 4 5; do echo x >\"$file.log\"; pass 100; done; [ -s "
	 "reply ] || exit 9",
	 .reply = "save new\n\n", .left = LEFT " report.txt.log"},
	/* What is no version. */
	{"deleted", "echo new >\"$file\"; rm \"$file\"; quiet", .reply = ""},
	{"a link in its place",
	 "echo secret >secret; echo new >\"$file\"; ln -s \"$PWD/secret\" \"$file.l\"; mv "
	 "\"$file.l\" \"$file\"; pass 800",
	 .reply = "", .left = LEFT},
	{"a fifo in its place",
	 "echo new >\"$file\"; mkfifo \"$file.f\"; mv \"$file.f\" \"$file\"; pass 800",
	 .reply = ""},
	{"a directory in its place",
	 "echo new >\"$file\"; rm \"$file\"; mkdir \"$file\" \"$file/x\"; chmod 0 \"$file\"",
	 .reply = "", .left = LEFT},
	/* Ways to end. */
	{"a tree is left",
	 "cd \"${file%/*}\"; d=d; while [ ${#d} -lt 100 ]; do d=$d/d; done; mkdir -p $d; cd $d; "
	 "echo new >\"$file\"; chmod 500 \"${file%/*}\"",
	 .reply = "save new\n\n", .left = "NOT SENT BACK - report.txt.txt d report.txt"},
	{"the handler fails", HAND_OVER "exit 3", TAKE_LATE LOOKS "echo late >\"$file\"",
	 .status = 3 << 8, .reply = ""},
	{"the handler fails after a save", "echo new >\"$file\"; exit 3", .status = 3 << 8,
	 .reply = "save new\n\n"},
	{"the handler is killed", "echo new >\"$file\"; kill -9 $$", .status = SIGKILL,
	 .reply = "save new\n\n"},
	{"it forks and returns",
	 "echo 1 >\"$file\"; quiet; (gone $$; pass 3000; echo 2 >\"$file\") &",
	 .reply = "save 1\n\nsave 2\n\n"},
	/* Somebody else has it: a descriptor, late, again and again. */
	{"handed over", HAND_OVER,
	 TAKE_LATE "exec 3<\"$file\"; pass 1500; echo 1 >\"$file\"; quiet; pass 1500; echo 2 "
		   ">\"$file\"; quiet",
	 .screen = true, .reply = "save 1\n\nsave 2\n\n"},
	{"handed over to a slow one", HAND_OVER,
	 TAKE_LATE NOTED "pass 77000; exec 3<\"$file\"; pass 1200; echo new >\"$file\"; quiet",
	 .screen = true, .reply = NOT_YET "save new\n\n"},
	{"looked into and handed over", "read line <\"$file\"; " HAND_OVER,
	 TAKE_LATE NOTED "pass 200000; cd \"${file%/*}\"; pass 1500; echo new >\"$file\"; cd /; "
			 "quiet",
	 .screen = true, .reply = PERHAPS "save new\n\n"},
	{"one that keeps nothing open saves twice", "read line <\"$file\"; " HAND_OVER,
	 TAKE_LATE NOTED "pass 6000; echo 1 >\"$file\"; quiet; pass 5000; echo 2 >\"$file\"; "
			 "quiet; "
			 "pass 200000; echo 3 >\"$file\"; quiet",
	 .screen = true, .reply = PERHAPS "save 1\n\nsave 2\n\nsave 3\n\n"},
	/* It is over before these strangers, who are not on a screen, could open it. */
	{"handed over to nobody", HAND_OVER, TAKE_LATE LOOKS "echo late >\"$file\"", .reply = ""},
	{"looked into and handed over to nobody", "read line <\"$file\"; " HAND_OVER,
	 TAKE_LATE LOOKS "echo late >\"$file\"", .reply = ""},
	/* One who could have opened it has not, for longer than a cold start takes. */
	{"handed over to one who does not take it", HAND_OVER,
	 TAKE_LATE NOTED "pass 92000; pass 2000; echo late >\"$file\"", .screen = true,
	 .reply = NOT_YET},
	{"looked into, and handed over to a bus that starts nobody",
	 "read line <\"$file\"; " HAND_OVER,
	 TAKE_LATE NOTED "pass 92000; pass 2000; echo late >\"$file\"", .bus = true,
	 .reply = NOT_NOW},
	/* It was saved while its handler lived: so that was the application. */
	{"not handed over, but saved and closed by its user", "echo new >\"$file\"; " HAND_OVER,
	 TAKE_LATE LOOKS "echo late >\"$file\"", .screen = true, .reply = "save new\n\n"},
	/* It has shown the file for so long that it has only been closed. */
	{"not handed over, but closed by its user", "read line <\"$file\"; pass 25000; " HAND_OVER,
	 TAKE_LATE LOOKS "pass 1500; echo late >\"$file\"", .screen = true, .reply = ""},
	/* The same of an application, which is no shell: it need not be for so long. */
	{"not handed over by an application",
	 "cp /bin/sh viewer; read -r line <\"$file\"; exec ./viewer -c 'for i in 300 2000; do echo "
	 "$i >&9; read -r line <&8; done; echo \"$$ $1\" >handed' sh \"$file\"",
	 TAKE_LATE LOOKS "pass 1500; echo late >\"$file\"", .screen = true, .reply = ""},
	{"handed over by one that failed, and taken", HAND_OVER "read -r line <taken; exit 1",
	 TAKE "exec 3<\"$file\"; echo >taken; gone $handler; pass 1500; echo new >\"$file\"; quiet",
	 .status = 1 << 8, .reply = "save new\n\n"},
	/* A lock file says that a document is shown. */
	{"locked", ": >\"${file%/*}/.~lock.report.txt#\"; " HAND_OVER,
	 TAKE_LATE "pass 9000; echo new >\"$file\"; quiet; pass 200000; rm "
		   "\"${file%/*}/.~lock.report.txt#\"; pass 500; pass 1000; echo late >\"$file\"",
	 .screen = true, .reply = "save new\n\n"},
	{"locked by one that has crashed",
	 ": >\"${file%/*}/.~lock.report.txt#\"; echo new >\"$file\"", .reply = "save new\n\n"},
	/* Viewing only. */
	{"for viewing only",
	 "[ $(stat -c %a \"$file\") = 400 ] || exit 9; echo new >\"$file.n\"; mv \"$file.n\" "
	 "\"$file\"; pass 700",
	 .view_only = true, .reply = ""},
	/* An old opener. */
	{"version 1: the last one",
	 "echo 1 >\"$file\"; pass 800; [ ! -s reply ] || exit 9; echo 2 >\"$file\"", .version = 1,
	 .reply = "2\n"},
	{"version 1: unchanged", "touch \"$file\"", .version = 1, .reply = ""},
	{"version 1: to empty", ": >\"$file\"", .version = 1, .result = -ENOTSUP, .reply = ""},
	{"version 1: for viewing only", "echo new >\"$file.n\"; mv \"$file.n\" \"$file\"",
	 .version = 1, .view_only = true, .reply = ""},
	{"version 1: stopped", "echo new >\"$file\"; pass 800; echo >stop; " WAIT, .version = 1,
	 .result = -ECANCELED, .reply = "new\n", .left = LEFT},
	/*
	 * Stopped: what is complete still goes, what is half written does not. Time goes on: the
	 * kernel tells that a file was closed a moment before nobody has it open.
	 */
	{"stopped", "echo new >\"$file\"; quiet; echo >stop; " LIVE_ON, .result = -ECANCELED,
	 .left = LEFT, .reply = "save new\n\n"},
	{"stopped before the quiet time", "echo new >\"$file\"; echo >stop; " LIVE_ON,
	 .result = -ECANCELED, .left = LEFT, .reply = "save new\n\n"},
	{"stopped in the middle of a save",
	 /* For less than the time after which it counts as complete, though it is open. */
	 "echo 1 >\"$file\"; quiet; exec 3>\"$file\"; echo 2 >&3; pass 100; echo >stop; pass 2500",
	 .result = -ECANCELED, .left = LEFT, .reply = "save 1\n\n"},
	{"stopped when it was handed over", HAND_OVER,
	 TAKE_LATE "exec 3<\"$file\"; pass 1000; echo new >\"$file\"; echo >stop; " LIVE_ON,
	 .result = -ECANCELED, .left = LEFT, .reply = "save new\n\n"},
	/* The opener goes, as a process that ends. */
	{"the opener goes",
	 "echo 1 >\"$file\"; quiet; arrived; read -r reader <reader; kill $reader; " WAIT,
	 "echo $$ >reader; exec cat pipe >>reply", .piped = true, .result = -ECONNRESET,
	 .left = LEFT, .reply = "save 1\n\n"},
	{"the opener goes, and there is more to send",
	 "echo 1 >\"$file\"; quiet; arrived; echo 2 >\"$file\"; read -r reader <reader; kill "
	 "$reader; " WAIT,
	 "echo $$ >reader; exec cat pipe >>reply", .piped = true, .result = -ECONNRESET,
	 .left = LEFT, .reply = "save 1\n\n"},
	/* The last one: it may be on the screen of any other session, which would wait for it. */
	{"handed over to one that hides", HAND_OVER, TAKE_LATE NOTED "echo new >\"$file\"; quiet",
	 .screen = true, .hides = true, .reply = NOT_YET "save new\n\n"},
};

/* The session's directory. */
static const char *place_of(int i)
{
	static char place[16];

	snprintf(place, sizeof(place), "%d", i);
	return place;
}

/* Time stands still from before it has begun. */
static pid_t start_script(const struct session *session)
{
	const char *script = session->stranger;
	char text[2048], screen[PATH_MAX];
	int time;
	pid_t pid;

	MUST(time = open("time", O_RDWR | O_CLOEXEC));
	MUST(pid = fork());
	if (pid == 0) {
		dup2(time, 9);
		if (session->screen)
			setenv("DISPLAY", getcwd(screen, sizeof(screen)), 1);
		snprintf(text, sizeof(text), "here=$PWD\n%s%s", prelude, script);
		/* A shell shows no files: this one has another name. */
		execl("application", "sh", "-c", text, "sh", NULL);
		_exit(127);
	}
	close(time);
	return pid;
}

/*
 * Play the session in the current directory, and note the results in the file "result". Runs in a
 * process of its own.
 */
static void play(const struct session *session)
{
	struct editor_options options = {
		.directory = "tmp", .from = "work", .max_bytes = UINT64_MAX};
	static char here[4096], screen[4096 + 8], text[4096];
	char *const environment[] = {(char *)"PATH=/usr/bin:/bin", here,
				     session->screen ? screen
				     : session->bus  ? (char *)BUS
						     : NULL,
				     NULL};
	char *argv[] = {(char *)"/bin/sh", (char *)"-c", text, (char *)"sh", NULL, NULL};
	int received, run, status = -1, done, freed;

	signal(SIGPIPE, SIG_IGN);
	strcpy(here, "here=");
	if (!getcwd(here + 5, sizeof(here) - 5))
		abort();
	/* A screen of its own: the other strangers are not on it. */
	snprintf(screen, sizeof(screen), "DISPLAY=%s", here + 5);
	snprintf(text, sizeof(text), "%s%s", prelude, session->script);
	make_stream(session->version == 1 ? 1 : 2, "report.txt", session->view_only, 3, "old");
	played_begin("time", "passed");
	options.in = open("in", O_RDONLY | O_CLOEXEC);
	options.stop = open("stop", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	options.out = open(session->piped ? "pipe" : "reply", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	received = editor_new(&editor, &options) == 0 ? editor_receive(editor, &error) : -1;
	/* What the scripts wait for comes behind the first record. */
	if (!session->piped && (ftruncate(options.out, 0) < 0 || lseek(options.out, 0, SEEK_SET)))
		abort();
	argv[4] = (char *)editor_path(editor);
	run = editor_run(editor, argv, environment, &status, &error);
	done = editor_done(editor, 0, "");
	freed = editor_free(editor);
	snprintf(text, sizeof(text), "received %d, run %d, error %d, status %d, done %d, freed %d",
		 received, run, run < 0 ? error.code : 0, status, done, freed);
	make_file("result.new", text);
	rename("result.new", "result");
	_exit(0);
}

static pid_t start_session(const struct session *session, pid_t *stranger)
{
	static const char *const fifos[] = {"stop", "pipe", "time", "passed", "handed", "taken"};
	pid_t pid;

	for (size_t i = 0; i < COUNT(fifos); i++)
		MUST(mkfifo(fifos[i], 0600));
	make_dir("tmp");
	make_file("reply", "");
	MUST(system(session->hides ? "cp /bin/sh application && chmod 111 application"
				   : "ln -s /bin/sh application"));
	*stranger = session->stranger ? start_script(session) : -1;
	MUST(pid = fork());
	if (pid == 0)
		play(session);
	return pid;
}

/* A failure is shown as one line. */
static const char *in_a_line(const char *text)
{
	char *line = strdup(text);

	for (char *end = line; end && (end = strchr(end, '\n'));)
		*end = '|';
	return line;
}

static void judge(const struct session *session)
{
	int done = session->result == -ECONNRESET && session->version != 1 ? -ECONNRESET : 0;
	char expected[1024];
	const char *reply;

	snprintf(expected, sizeof(expected),
		 "received 0, run %d, error %d, status %d, done %d, freed 0", session->result,
		 -session->result, session->status, done);
	ck_assert_msg(strcmp(content_of("result"), expected) == 0, "%s: %s instead of %s",
		      session->label, content_of("result"), expected);
	snprintf(expected, sizeof(expected), "%s%s", session->reply,
		 session->version == 1 || done < 0 ? "" : "done 0 \n");
	reply = session->version == 1 ? content_of("reply") : records_in("reply");
	ck_assert_msg(strcmp(reply, expected) == 0, "%s: replied %s instead of %s", session->label,
		      in_a_line(reply), in_a_line(expected));
	if (!session->left) {
		ck_assert_msg(strcmp(names_in("tmp"), "") == 0, "%s: left: %s", session->label,
			      names_in("tmp"));
		return;
	}
	snprintf(expected, sizeof(expected), "tmp/%s", names_in("tmp"));
	ck_assert_msg(strcmp(names_in(expected), session->left) == 0, "%s: left: %s",
		      session->label, names_in(expected));
}

/* What goes on when its session has ended is adopted by this process. */
static void end_the_rest(void)
{
	int pid;
	FILE *file;

	while ((file = fopen("/proc/thread-self/children", "r"))) {
		int count = 0;

		for (; fscanf(file, "%d", &pid) == 1; count++)
			kill(pid, SIGKILL);
		fclose(file);
		if (count == 0)
			break;
		wait(NULL);
	}
}

/* Run these sessions, all at the same time. */
static void play_some(size_t first, size_t behind)
{
	pid_t pids[SESSIONS_AT_ONCE], strangers[SESSIONS_AT_ONCE];

	for (size_t i = first; i < behind; i++) {
		make_dir(place_of((int)i));
		MUST(chdir(place_of((int)i)));
		pids[i - first] = start_session(&sessions[i], &strangers[i - first]);
		MUST(chdir(".."));
	}
	for (size_t i = 0; i < behind - first; i++)
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
	for (size_t i = 0; i < behind - first; i++) {
		if (strangers[i] > 0)
			kill(strangers[i], SIGKILL);
	}
	end_the_rest();
}

START_TEST(all_sessions)
{
	const size_t last = COUNT(sessions) - 1;

	see_own_processes();
	scratch_enter();
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (size_t i = 0; i < last; i += SESSIONS_AT_ONCE)
		play_some(i, i + SESSIONS_AT_ONCE < last ? i + SESSIONS_AT_ONCE : last);
	play_some(last, COUNT(sessions));
	for (int i = 0; i < (int)COUNT(sessions); i++) {
		MUST(chdir(place_of(i)));
		judge(&sessions[i]);
		MUST(chdir(".."));
	}
}
END_TEST

/*
 * Read a version of `length` bytes from the opener's end of the pipe. Returns whether its checksum
 * is right.
 */
static bool next_version(int fd, size_t length)
{
	static unsigned char bytes[EDIT_RECORD_SIZE + (3 << 20) + EDIT_CRC_SIZE];
	struct edit_record record;
	size_t size = EDIT_RECORD_SIZE + length + EDIT_CRC_SIZE;

	ck_assert_int_eq(stream_read_full(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(edit_record_decode(bytes, &record), 0);
	ck_assert_uint_eq(record.length, length);
	return libdeflate_crc32(0, bytes + EDIT_RECORD_SIZE, length) ==
	       get32(bytes + size - EDIT_CRC_SIZE);
}

/*
 * A version that was touched while it was sent is not taken for one, and goes again although
 * nothing more happens to it.
 */
START_TEST(touched_while_sent)
{
	static const struct session session = {
		.script = "head -c 3000000 /dev/zero >\"$file\"; echo \"$file\" >where; quiet; "
			  "quiet; read -r line <taken",
		.piped = true,
	};
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct pollfd pollfd = {.events = POLLIN};
	pid_t pid, nobody;

	scratch_enter();
	pid = start_session(&session, &nobody);
	MUST(pollfd.fd = open("pipe", O_RDONLY));
	ck_assert(next_version(pollfd.fd, 0));
	/* It has begun to send, and cannot end while nobody reads. */
	ck_assert_int_eq(poll(&pollfd, 1, -1), 1);
	ck_assert_int_eq(utimensat(AT_FDCWD, strtok((char *)content_of("where"), "\n"), times, 0),
			 0);
	ck_assert(!next_version(pollfd.fd, 3000000));
	ck_assert(next_version(pollfd.fd, 3000000));
	make_file("taken", "\n"); /* a fifo, for which the handler waits */
	ck_assert_int_eq(stream_read_full(pollfd.fd, (char[100]){0}, 100),
			 EDIT_RECORD_SIZE + EDIT_CRC_SIZE);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_str_eq(content_of("result"), "received 0, run 0, error 0, status 0, done 0, "
					       "freed 0");
}
END_TEST

/* ---- Handlers that cannot run ---- */

START_TEST(no_such_handler)
{
	char *argv[] = {(char *)"./no-such-handler", NULL}, *environment[] = {NULL};
	int status = -1;

	scratch_enter();
	make_dir("tmp");
	make_stream(2, "report.txt", false, 7, "content");
	new_editor(100, -1);
	ck_assert_int_eq(editor_receive(editor, &error), 0);
	ck_assert_int_eq(editor_run(editor, argv, environment, &status, &error), -ENOENT);
	ck_assert_str_eq(error.name, "./no-such-handler");
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(editor_done(editor, ENOENT, "no handler"), 0);
	ck_assert_str_eq(records_in("reply"), "done 2 no handler\n");
	ck_assert_int_eq(editor_free(editor), 0);
}
END_TEST

/* Somebody has removed it all. */
START_TEST(no_directory_to_watch)
{
	char *argv[] = {(char *)"./no-such-handler", NULL}, *environment[] = {NULL};
	char command[5000];
	int status;

	scratch_enter();
	make_dir("tmp");
	make_stream(2, "report.txt", false, 7, "content");
	new_editor(100, -1);
	ck_assert_int_eq(editor_receive(editor, &error), 0);
	snprintf(command, sizeof(command), "rm -r tmp/*");
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(editor_run(editor, argv, environment, &status, &error), -ENOENT);
	ck_assert_str_eq(error.doing, "watching the directory");
	ck_assert_int_eq(editor_free(editor), 0);
}
END_TEST

Suite *editor_suite(void)
{
	Suite *suite = suite_create("editor");
	TCase *tcase = add_case(suite, "receive"), *whole = add_case(suite, "sessions");

	tcase_add_test(tcase, new);
	add_table_test(tcase, receive, requests);
	add_table_test(tcase, refuse, refusals);
	tcase_add_test(tcase, just_long_enough);
	tcase_add_test(tcase, stop_while_receiving);
	tcase_add_test(whole, all_sessions);
	tcase_add_test(whole, touched_while_sent);
	tcase_add_test(whole, no_such_handler);
	tcase_add_test(whole, no_directory_to_watch);
	return suite;
}
