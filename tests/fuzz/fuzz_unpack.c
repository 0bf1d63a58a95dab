/*
 * The receiver's parser: a stream in, a tree out.
 *
 * The input is two bytes, options and how the stream is cut, then the stream, folded (input.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"
#include "input.h"
#include "mutate.h"
#include "receive/child/report.h"
#include "receive/child/unpack.h"
#include "scratch.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INPUT_MAX  (256u << 10) /* has fewer entries than a tree can hold */
#define STREAM_MAX (1u << 20)
#define FEW_FILES  3
#define FEW_BYTES  5000

enum option {
	OPTION_ALL_NAMES = 1,
	OPTION_UNSAFE_LINKS = 2,
	OPTION_FEW_FILES = 4,
	OPTION_FEW_BYTES = 8,
};

static uint8_t stream[STREAM_MAX];
static struct tree tree;
static struct unpack_options options;
static struct qfile_received received;
static char last[QFILE_NAME_MAX];
static bool succeeded;
static struct qfile_size found; /* on the disk */
static size_t found_at_top, reported;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	options.root = scratch_root();
	MUST(options.report = memfd_create("report", MFD_CLOEXEC));
	umask(0);
	return 0;
}

/* ---- What is on the disk afterwards ---- */

/* The kernel itself, following all links, does not leave the top-level entry on its way. */
static void check_beneath(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	const char *slash = strchr(path, '/');
	char top[256];
	int dir;
	long fd;

	CHECK(slash != NULL); /* a link is no top-level entry */
	memcpy(top, path, (size_t)(slash - path));
	top[slash - path] = '\0';
	dir = openat(options.root, top, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CHECK(dir >= 0);
	fd = syscall(SYS_openat2, dir, slash + 1, &how, sizeof(how));
	CHECK(fd >= 0 || errno != EXDEV);
	if (fd >= 0)
		close((int)fd);
	close(dir);
}

static void check_link(const char *path, int dir, const char *name, const struct stat *status)
{
	char target[QFILE_NAME_MAX + 1];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	CHECK(n > 0 && n == status->st_size);
	CHECK(qfile_link_check(path, target, (size_t)n, options.flags) == 0);
	if (!(options.flags & QFILE_ALLOW_UNSAFE_LINKS))
		check_beneath(path);
}

/* Whatever came, and however it ended, this is all that may be there. */
static void check_safe(const char *path, int dir, const char *name, const struct stat *status)
{
	CHECK(S_ISDIR(status->st_mode) || S_ISREG(status->st_mode) || S_ISLNK(status->st_mode));
	CHECK(S_ISDIR(status->st_mode) || status->st_nlink == 1);
	CHECK((status->st_mode & 07000) == 0);
	CHECK(status->st_uid == geteuid());
	CHECK(qfile_name_check(path, strlen(path), options.flags) == 0);
	if (!(options.flags & QFILE_ALLOW_ALL_NAMES))
		CHECK(fuzz_is_clean_text(path, strlen(path)));
	if (S_ISLNK(status->st_mode))
		check_link(path, dir, name, status);
	found.entries++;
	found_at_top += !strchr(path, '/');
	if (S_ISREG(status->st_mode))
		found.bytes += (uint64_t)status->st_size;
	if (succeeded)
		tree_check_entry(&tree, path, dir, name, status);
}

static void check_counts(void)
{
	CHECK(found.entries <= options.limits.files && found.entries <= received.size.entries);
	CHECK(found.bytes <= options.limits.bytes);
	CHECK(found_at_top <= reported);
	if (succeeded)
		CHECK(found.entries == received.size.entries &&
		      found.bytes == received.size.bytes && found_at_top == reported);
}

/*
 * The monitor accepts what was reported: the top-level entries that are there. Only the last one
 * may not have been made.
 */
static void check_reports(void)
{
	static struct report_reader reader;
	size_t missing = 0;
	int r;

	reported = 0;
	MUST(lseek(options.report, 0, SEEK_SET));
	reader = (struct report_reader){.fd = options.report};
	while ((r = report_receive(&reader)) >= 0) {
		if (r == 0)
			continue;
		CHECK(reader.report.kind == REPORT_ENTRY);
		CHECK(missing == 0);
		reported++;
		missing += faccessat(options.root, reader.name, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	}
	CHECK(r == -ECONNRESET && reader.used == 0);
	CHECK(missing == 0 || !succeeded);
	MUST(ftruncate(options.report, 0));
	MUST(lseek(options.report, 0, SEEK_SET));
}

/* ---- How it ended ---- */

/* All that qfile(5) lists; the system's own errors cannot come up here. */
static bool is_documented(int code)
{
	return code == EINVAL || code == EILSEQ || code == ENOLINK || code == EEXIST ||
	       code == EDQUOT || code == ENOSPC || code == ENAMETOOLONG || code == QFILE_ETRUNCATED;
}

static void check_outcome(int r)
{
	CHECK(memchr(last, '\0', sizeof(last)));
	if (r != 0) {
		CHECK(is_documented(-r));
		return;
	}
	CHECK(tree.end > 0);
	CHECK(received.crc == libdeflate_crc32(0, stream, tree.end));
	CHECK(strcmp(last, tree_last_name(&tree)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.bytes = stream};
	unsigned descriptors;
	int r;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	input.cuts = data[1];
	input.size = input_unfold(data + 2, size - 2, stream, sizeof(stream));
	tree_read(&tree, stream, input.size);
	options.in = input_begin(&input);
	descriptors = fuzz_open_descriptors();
	options.flags = (data[0] & OPTION_ALL_NAMES ? QFILE_ALLOW_ALL_NAMES : 0) |
			(data[0] & OPTION_UNSAFE_LINKS ? QFILE_ALLOW_UNSAFE_LINKS : 0);
	options.limits.files = data[0] & OPTION_FEW_FILES ? FEW_FILES : UINT64_MAX;
	options.limits.bytes = data[0] & OPTION_FEW_BYTES ? FEW_BYTES : UINT64_MAX;

	r = unpack(&options, &received, last);
	succeeded = r == 0;
	check_outcome(r);
	check_reports();
	found = (struct qfile_size){.bytes = 0};
	found_at_top = 0;
	scratch_walk(check_safe);
	check_counts();
	scratch_check_outside();
	scratch_empty();
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}

/* Every other time the bytes are changed as they stand; else they are a stream, and stay one. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t before[STREAM_MAX], after[STREAM_MAX];
	static struct tree changed;
	size_t used;

	if (size < 2 || seed % 2 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	tree_read(&changed, before, input_unfold(data + 2, size - 2, before, sizeof(before)));
	mutate_tree(&changed, seed);
	used = input_fold(after, tree_write(&changed, after, sizeof(after)), data + 2,
			  max_size - 2);
	return used ? used + 2 : LLVMFuzzerMutate(data, size, max_size);
}
