/*
 * The editor: a request and a file in, a private directory with that file in it, and a reply that
 * tells the end.
 *
 * The input is two bytes, options and how it is cut, then the request and the content, folded
 * (input.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "fuzz.h"
#include "input.h"
#include "open/editor/editor.h"
#include "open/editwire.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <qfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STREAM_MAX (1u << 20)
#define FEW_BYTES  5000

enum option {
	OPTION_FEW_BYTES = 1,
	OPTION_RESET = 2,  /* it ends in ECONNRESET, which is an end as any other */
	OPTION_NOBODY = 4, /* it is not known who asks */
};

static uint8_t stream[STREAM_MAX];
static size_t stream_size;
static unsigned options;
static char top[PATH_MAX];
static int out; /* takes the reply */
static struct qfile_error error;

/* ---- What is to come of it ---- */

struct expected {
	int r;
	bool records;
	struct edit_request request;
	char name[256];
	size_t size; /* of the content */
};

static int expect_content(struct expected *expected)
{
	const uint64_t most = options & OPTION_FEW_BYTES ? FEW_BYTES : STREAM_MAX;
	size_t there = stream_size - EDIT_REQUEST_SIZE;

	if (expected->request.records) {
		expected->size = (size_t)expected->request.length;
		return expected->request.length > most    ? -EDQUOT
		       : there < expected->request.length ? -ENODATA
							  : 0;
	}
	expected->size = there;
	return there > most ? -EDQUOT : 0;
}

static struct expected expect(void)
{
	static const unsigned char mark[EDIT_MARK_SIZE] = {'P', 'e', 'd', 'O', 'S', 'v', '2', 0};
	struct expected expected = {.r = -EINVAL};

	if (stream_size < EDIT_REQUEST_SIZE) {
		expected.r = -ENODATA;
		return expected;
	}
	expected.records = memcmp(stream + EDIT_NAME_SIZE, mark, sizeof(mark)) == 0;
	if (edit_request_decode(stream, &expected.request) == 0 &&
	    name_safe(expected.request.name, strlen(expected.request.name), expected.name) == 0)
		expected.r = expect_content(&expected);
	return expected;
}

/* ---- What is there ---- */

static const struct expected *now;
static unsigned directories, files;

static void check_entry(const char *path, int dir, const char *name, const struct stat *status)
{
	static uint8_t bytes[STREAM_MAX];
	const char *begin = options & OPTION_NOBODY ? "qopen-" : "qopen-work-";
	int fd;

	CHECK(status->st_uid == geteuid());
	if (S_ISDIR(status->st_mode)) {
		directories++;
		CHECK(!strchr(path, '/') && (status->st_mode & 07777) == 0700);
		CHECK(strncmp(name, begin, strlen(begin)) == 0 &&
		      strlen(name) == strlen(begin) + 6);
		return;
	}
	files++;
	CHECK(S_ISREG(status->st_mode) && status->st_nlink == 1 && strcmp(name, now->name) == 0);
	CHECK((status->st_mode & 07777) == (now->request.view_only ? 0400 : 0600));
	CHECK((size_t)status->st_size == now->size);
	MUST(fd = openat(dir, name, O_RDONLY | O_CLOEXEC));
	CHECK(pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)now->size &&
	      memcmp(bytes, stream + EDIT_REQUEST_SIZE, now->size) == 0);
	close(fd);
}

static void check_received(const struct editor *editor, const struct expected *expected)
{
	const char *path = editor_path(editor);
	size_t length = strlen(expected->name);

	CHECK(editor_view_only(editor) == expected->request.view_only);
	CHECK(strncmp(path, top, strlen(top)) == 0 && strlen(path) > length + 1);
	CHECK(path[strlen(path) - length - 1] == '/' &&
	      strcmp(path + strlen(path) - length, expected->name) == 0);
	CHECK(access(path, F_OK) == 0);
	now = expected;
	directories = files = 0;
	scratch_walk(check_entry);
	CHECK(directories == 1 && files == 1);
}

static size_t record_size(size_t length)
{
	return EDIT_RECORD_SIZE + length + EDIT_CRC_SIZE;
}

static void check_record(const unsigned char *bytes, enum edit_kind kind, uint32_t code,
			 const char *message)
{
	size_t length = strlen(message);
	struct edit_record record;

	CHECK(edit_record_decode(bytes, &record) == 0);
	CHECK(record.kind == kind && record.code == code && record.length == length);
	CHECK(memcmp(bytes + EDIT_RECORD_SIZE, message, length) == 0);
	CHECK(edit_crc_decode(bytes + EDIT_RECORD_SIZE + length) ==
	      libdeflate_crc32(0, message, length));
}

/*
 * Where the opener understands records, an empty note says that the file was received, and another
 * one tells the end.
 */
static void check_reply(const struct expected *expected, uint32_t code, const char *message)
{
	unsigned char bytes[2 * (EDIT_RECORD_SIZE + EDIT_CRC_SIZE) + EDIT_MESSAGE_MAX + 1];
	ssize_t n = pread(out, bytes, sizeof(bytes), 0);
	size_t begin = code == 0 ? record_size(0) : 0;

	if (!expected->records) {
		CHECK(n == 0);
		return;
	}
	CHECK(n == (ssize_t)(begin + record_size(strlen(message))));
	if (begin > 0)
		check_record(bytes, EDIT_NOTE, 0, "");
	check_record(bytes + begin, EDIT_DONE, code, message);
}

static unsigned left;

static void count(const char *path, int dir, const char *name, const struct stat *status)
{
	(void)path;
	(void)dir;
	(void)name;
	(void)status;
	left++;
}

static void check_nothing_left(void)
{
	left = 0;
	scratch_walk(count);
	CHECK(left == 0);
	scratch_check_outside();
}

/* ---- The session ---- */

static void check_session(const struct input *input, const struct expected *expected)
{
	struct editor_options editor_options = {
		.in = input_begin(input),
		.out = out,
		.stop = -1,
		.directory = top,
		.from = options & OPTION_NOBODY ? NULL : "work",
		.max_bytes = options & OPTION_FEW_BYTES ? FEW_BYTES : STREAM_MAX,
	};
	struct editor *editor;
	char text[1024] = "";
	int r;

	MUST(editor_new(&editor, &editor_options));
	r = editor_receive(editor, &error);
	CHECK(r == expected->r);
	if (r == 0)
		check_received(editor, expected);
	else
		qfile_error_text(&error, text, sizeof(text));
	CHECK(r == 0 || error.code == -r);
	CHECK(strlen(text) < sizeof(text) - 1 && fuzz_is_clean_text(text, strlen(text)));
	CHECK(editor_done(editor, -r, text) == 0);
	check_reply(expected, (uint32_t)-r, text);
	CHECK(editor_free(editor) == 0);
	check_nothing_left();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char link[32];
	ssize_t n;

	(void)argc;
	(void)argv;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", scratch_root());
	MUST(n = readlink(link, top, sizeof(top) - 1));
	top[n] = '\0';
	MUST(out = memfd_create("reply", MFD_CLOEXEC));
	umask(0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.bytes = stream};
	struct expected expected;
	unsigned descriptors;

	if (size < 2)
		return 0;
	options = data[0];
	stream_size = input.size = input_unfold(data + 2, size - 2, stream, sizeof(stream));
	input.cuts = data[1];
	input.reset = options & OPTION_RESET;
	input_begin(&input);
	descriptors = fuzz_open_descriptors();
	expected = expect();
	check_session(&input, &expected);
	MUST(ftruncate(out, 0));
	MUST(lseek(out, 0, SEEK_SET));
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}

/*
 * Every other time the bytes are changed as they stand; else it is a request of version 2 with a
 * checksum that is right.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t changed[STREAM_MAX];
	uint32_t crc;
	size_t used;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < 2 || seed % 2 == 0)
		return size;
	used = input_unfold(data + 2, size - 2, changed, sizeof(changed));
	if (used < EDIT_REQUEST_SIZE)
		return size;
	memcpy(changed + EDIT_NAME_SIZE, "PedOSv2", EDIT_MARK_SIZE);
	crc = libdeflate_crc32(0, changed, EDIT_REQUEST_SIZE - sizeof(crc));
	memcpy(changed + EDIT_REQUEST_SIZE - sizeof(crc), &crc, sizeof(crc));
	used = input_fold(changed, used, data + 2, max_size - 2);
	return used ? used + 2 : size;
}
