/*
 * The opener: a reply in, a file that is as before or as one of the versions in it.
 *
 * The input is two bytes, options and how the reply is cut, then the reply, folded (input.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"
#include "input.h"
#include "open/editwire.h"
#include "open/opener/opener.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <qfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Also of a version: what is announced is reserved, and here a disk is memory. */
#define REPLY_MAX (1u << 20)
#define FEW_BYTES 5000
#define ORIGINAL  "original.txt"
#define BEFORE    "as it was\n"
#define CHANGED   "changed here meanwhile\n"

enum option {
	OPTION_VIEW_ONLY = 1,
	OPTION_FEW_BYTES = 2,
	OPTION_RESET = 4,    /* the reply ends in ECONNRESET */
	OPTION_EARLY = 8,    /* it comes before the file is sent */
	OPTION_CHANGED = 16, /* the file is changed here meanwhile */
	OPTION_REMOVED = 32, /* it is removed */
	OPTION_SETTLED = 64, /* it had not been written to for long */
};

static const unsigned char mark[EDIT_MARK_SIZE] = {'P', 'e', 'd', 'O', 'S', 'v', '2', 0};

static uint8_t reply[REPLY_MAX];
static unsigned options;
static char top[PATH_MAX], keep_path[PATH_MAX + 8];
static const char *const keep[] = {keep_path, NULL};

static uint64_t le64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value)); /* a little-endian machine, see tree.c */
	return value;
}

static uint32_t le32(const uint8_t *bytes)
{
	return (uint32_t)le64(bytes); /* there is always more behind it in the buffer */
}

/* ---- What is to come of it, as qfile(5) has it ---- */

struct reading {
	size_t size, pos;
	uint64_t most; /* bytes of a version */
	unsigned save;
	bool raw, over;
	uint32_t doubt; /* what the record says of the version that comes */
	bool agrees;    /* what somebody wrote here meanwhile is what came: no conflict any more */
	bool doubtful;  /* what the file has is a version of which nobody knows whether it is whole
			 */
	unsigned backups;         /* of what it had before such ones */
	unsigned kept;            /* files with versions that are not in the file, */
	const uint8_t *last_kept; /* and the last one, */
	size_t last_kept_size;
	bool kept_doubtful; /* which may not be whole */
};

struct expected {
	int step; /* as opener_step() returns it, but never OPENER_PART */
	const uint8_t *content;
	size_t size;
	uint32_t code;
	bool backup; /* what the file had before is kept */
};

static bool has(const char *path, const void *content, size_t size);

/* A version is kept: it replaces the one before, unless only that one is good. */
static void keep_version(struct reading *reading, const uint8_t *content, size_t size,
			 bool doubtful)
{
	const bool same = reading->kept > 0 && size == reading->last_kept_size &&
			  memcmp(content, reading->last_kept, size) == 0;

	if (reading->kept == 0 || (!same && doubtful && !reading->kept_doubtful))
		reading->kept++;
	reading->last_kept = content;
	reading->last_kept_size = size;
	reading->kept_doubtful = doubtful;
}

/* A version is complete. */
static struct expected complete(struct reading *reading, const uint8_t *content, size_t size)
{
	struct expected expected = {.step = OPENER_SAVED, .content = content, .size = size};
	const bool doubtful = reading->raw || reading->doubt != 0;

	if (options & OPTION_VIEW_ONLY)
		return (struct expected){.step = OPENER_PART};
	if (has(ORIGINAL, content, size)) {
		reading->agrees = true;
		reading->doubtful &= doubtful;
	} else if (!reading->agrees && options & (OPTION_CHANGED | OPTION_REMOVED)) {
		expected.step = OPENER_KEPT;
		expected.code = options & OPTION_REMOVED ? ENOENT : ESTALE;
		keep_version(reading, content, size, doubtful);
	} else {
		expected.backup = doubtful && !reading->doubtful;
		reading->backups += expected.backup;
		reading->doubtful = doubtful;
	}
	return expected;
}

static struct expected fails(int code)
{
	return (struct expected){.step = code};
}

static struct expected read_raw(struct reading *reading)
{
	reading->over = reading->raw = true;
	if (options & OPTION_EARLY)
		return fails(-EPROTO);
	reading->save++;
	if (reading->size > reading->most)
		return fails(-EFBIG);
	return options & OPTION_RESET ? fails(-ECONNRESET)
				      : complete(reading, reply, reading->size);
}

static struct expected read_save(struct reading *reading, uint64_t length)
{
	const uint8_t *payload = reply + reading->pos;
	bool good;

	if (length > reading->most)
		return fails(-EFBIG);
	if (options & OPTION_EARLY)
		return fails(-EPROTO);
	reading->save++;
	if (reading->size - reading->pos < 4 || length > reading->size - reading->pos - 4)
		return fails(-ECONNRESET);
	reading->pos += length + 4;
	good = le32(payload + length) == libdeflate_crc32(0, payload, length);
	if (good || options & OPTION_VIEW_ONLY)
		return complete(reading, payload, length);
	return (struct expected){.step = OPENER_DAMAGED};
}

static struct expected read_done(const struct reading *reading, uint32_t code, uint64_t length)
{
	const uint8_t *payload = reply + reading->pos;

	if (length > 4096)
		return fails(-EPROTO);
	if (reading->size - reading->pos < length + 4)
		return fails(-ECONNRESET);
	if (le32(payload + length) != libdeflate_crc32(0, payload, length))
		return fails(-EPROTO);
	if (code == 0 && options & OPTION_EARLY)
		return fails(-EPROTO);
	return (struct expected){
		.step = OPENER_DONE, .content = payload, .size = length, .code = code};
}

/* Of the same form as a "done". */
static struct expected read_note(struct reading *reading, uint64_t length)
{
	struct expected expected;

	if (length > 4096)
		return fails(-EPROTO);
	if (reading->size - reading->pos < length + 4)
		return fails(-ECONNRESET);
	expected = (struct expected){
		.step = OPENER_NOTE, .content = reply + reading->pos, .size = length};
	if (le32(expected.content + length) != libdeflate_crc32(0, expected.content, length))
		return fails(-EPROTO);
	reading->pos += length + 4;
	return expected;
}

static struct expected read_record(struct reading *reading)
{
	const uint8_t *header = reply + reading->pos;
	uint64_t length = le64(header + 16);

	if (reading->size - reading->pos < EDIT_RECORD_SIZE)
		return fails(-ECONNRESET);
	if (memcmp(header, mark, sizeof(mark)) != 0 || length > INT64_MAX)
		return fails(-EPROTO);
	reading->pos += EDIT_RECORD_SIZE;
	switch (le32(header + 8)) {
	case 1:
		reading->doubt = le32(header + 12);
		return read_save(reading, length);
	case 4:
		return read_note(reading, length);
	case 2:
		return read_done(reading, le32(header + 12), length);
	default:
		return fails(-EPROTO);
	}
}

/* The next event. What view_only passes over is none. */
static struct expected read_event(struct reading *reading)
{
	struct expected expected = {.step = OPENER_PART};

	while (expected.step == OPENER_PART) {
		if (reading->over)
			expected = (struct expected){.step = OPENER_DONE};
		else if (reading->pos > 0 ||
			 (reading->size >= 8 && memcmp(reply, mark, sizeof(mark)) == 0))
			expected = read_record(reading);
		else if (options & OPTION_RESET && reading->size < 8)
			expected = fails(-ECONNRESET);
		else if (reading->size > 0)
			expected = read_raw(reading);
		else
			expected = fails(options & OPTION_EARLY ? -ECONNRESET : OPENER_DONE);
	}
	return expected;
}

/* ---- What is there ---- */

static bool has(const char *path, const void *content, size_t size)
{
	static uint8_t bytes[REPLY_MAX + 1];
	int fd = openat(scratch_root(), path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, bytes, sizeof(bytes), 0);
	close(fd);
	return n >= 0 && (size_t)n == size && memcmp(bytes, content, size) == 0;
}

/* As it was before, or as whoever changed it meanwhile left it. */
static bool is_untouched(void)
{
	if (options & OPTION_REMOVED)
		return faccessat(scratch_root(), ORIGINAL, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	return options & OPTION_CHANGED ? has(ORIGINAL, CHANGED, strlen(CHANGED))
					: has(ORIGINAL, BEFORE, strlen(BEFORE));
}

static unsigned files;

static void count(const char *path, int dir, const char *name, const struct stat *status)
{
	(void)dir;
	(void)name;
	if (S_ISDIR(status->st_mode)) {
		CHECK(strcmp(path, "keep") == 0); /* and what is in it is counted, too */
		return;
	}
	CHECK(S_ISREG(status->st_mode) && status->st_nlink == 1 &&
	      (status->st_mode & 07777) == 0640);
	files++;
}

static void check_files(unsigned expected)
{
	files = 0;
	scratch_walk(count);
	CHECK(files == expected);
	scratch_check_outside();
}

static void write_original(const char *content)
{
	static const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	int fd;

	MUST(fd = openat(scratch_root(), ORIGINAL, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
	MUST(write(fd, content, strlen(content)));
	if (options & OPTION_SETTLED)
		MUST(futimens(fd, long_ago));
	close(fd);
}

/* ---- The session ---- */

static struct qfile_error error;
static struct opener_event event;
static const char *kept; /* below the root, of the last event that told of one */

static void check_event(const struct expected *expected, const struct reading *reading)
{
	char message[EDIT_MESSAGE_MAX + 1] = "";

	CHECK(event.save == reading->save);
	switch (expected->step) {
	case OPENER_SAVED:
		CHECK(event.code == 0 && has(ORIGINAL, expected->content, expected->size));
		CHECK(expected->backup == (event.path[0] != '\0'));
		CHECK(!reading->raw || !expected->backup ||
		      has(ORIGINAL "~", BEFORE, strlen(BEFORE)));
		break;
	case OPENER_KEPT:
		CHECK(event.code == (int)expected->code &&
		      strncmp(event.path, top, strlen(top)) == 0 && event.path[strlen(top)] == '/');
		kept = event.path + strlen(top) + 1;
		CHECK(!strchr(kept, '/') && has(kept, expected->content, expected->size) &&
		      is_untouched());
		break;
	case OPENER_DONE:
	case OPENER_NOTE:
		CHECK(event.code == (expected->code <= INT_MAX ? (int)expected->code : EREMOTEIO));
		for (size_t i = 0; i < expected->size; i++)
			message[i] = expected->content[i] >= ' ' && expected->content[i] <= '~'
					     ? (char)expected->content[i]
					     : '?';
		CHECK(strcmp(event.message, message) == 0);
		break;
	default:
		break;
	}
}

/* Step by step, until it ends. */
static void check_reply(struct opener *opener, struct reading *reading)
{
	struct expected expected, last = {.step = OPENER_PART};
	int step;

	do {
		expected = read_event(reading);
		do
			step = opener_step(opener, &event, &error);
		while (step == OPENER_PART);
		CHECK(step == expected.step);
		CHECK(step >= 0 || error.code == -step);
		if (step >= 0)
			check_event(&expected, reading);
		if (step == OPENER_SAVED || step == OPENER_KEPT)
			last = expected;
	} while (step > 0);
	opener_free(opener);
	/*
	 * Where it ended, and whatever had begun to come: the last one that was complete, and
	 * nothing beside that need not be.
	 */
	CHECK(last.step == OPENER_SAVED ? has(ORIGINAL, last.content, last.size) : is_untouched());
	CHECK(last.step != OPENER_KEPT || has(kept, last.content, last.size));
	check_files((options & OPTION_REMOVED ? 0 : 1) + reading->backups + reading->kept);
}

static struct opener *open_original(const struct input *input, int null)
{
	struct opener_options opener_options = {
		.out = null,
		.stop = -1,
		.view_only = options & OPTION_VIEW_ONLY,
		.max_bytes = options & OPTION_FEW_BYTES ? FEW_BYTES : REPLY_MAX,
		.from = "work",
		.keep = keep,
	};
	struct opener *opener;
	char path[PATH_MAX + 16];
	int r;

	opener_options.in = input_begin(input);
	snprintf(path, sizeof(path), "%s/" ORIGINAL, top);
	write_original(BEFORE);
	MUST(opener_new(&opener, path, &opener_options, &error));
	CHECK(opener_notes(opener) == 0);
	do
		r = opener_send(opener, &error);
	while (r > 0);
	CHECK(r == 0);
	if (options & OPTION_REMOVED)
		MUST(unlinkat(scratch_root(), ORIGINAL, 0));
	else if (options & OPTION_CHANGED)
		write_original(CHANGED);
	return opener;
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
	snprintf(keep_path, sizeof(keep_path), "%s/keep", top);
	umask(0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.bytes = reply};
	struct reading reading = {.size = 0};
	unsigned descriptors;
	int null;

	if (size < 2)
		return 0;
	options = data[0];
	reading.size = input.size = input_unfold(data + 2, size - 2, reply, sizeof(reply) - 8);
	reading.most = options & OPTION_FEW_BYTES ? FEW_BYTES : REPLY_MAX;
	input.cuts = data[1];
	input.reset = options & OPTION_RESET;
	input.late = !(options & OPTION_EARLY);
	input_begin(&input);
	descriptors = fuzz_open_descriptors();
	MUST(null = open("/dev/null", O_WRONLY | O_CLOEXEC));
	check_reply(open_original(&input, null), &reading);
	close(null);
	scratch_empty();
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}

/* Give every record of a reply the checksum that its payload has. */
static void sum_up(uint8_t *bytes, size_t size)
{
	size_t pos = 0;

	while (size - pos >= EDIT_RECORD_SIZE + 4 && memcmp(bytes + pos, mark, sizeof(mark)) == 0) {
		uint64_t length = le64(bytes + pos + 16);
		uint32_t crc;

		if (length > size - pos - EDIT_RECORD_SIZE - 4)
			return;
		pos += EDIT_RECORD_SIZE;
		crc = libdeflate_crc32(0, bytes + pos, length);
		memcpy(bytes + pos + length, &crc, sizeof(crc));
		pos += length + 4;
	}
}

/* Every other time the bytes are changed as they stand; else the checksums are right afterwards. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t changed[REPLY_MAX];
	size_t used;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < 2 || seed % 2 == 0)
		return size;
	used = input_unfold(data + 2, size - 2, changed, sizeof(changed) - 8);
	sum_up(changed, used);
	used = input_fold(changed, used, data + 2, max_size - 2);
	return used ? used + 2 : size;
}
