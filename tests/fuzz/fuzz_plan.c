/*
 * A commit's plan, read from the disk by the next receiver: whatever stands in it, nothing but what
 * lies in its own staging directory is touched.
 *
 * The input is the plan's file. An inode number in it stands for one of the staged entries, unless
 * its highest bit is set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"
#include "receive/commit.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define STAGING  QFILE_STAGING_PREFIX "0123456789abcdef"
#define PLAN_MAX (16 * sizeof(struct record))

/* As it stands on the disk: lib/receive/commit.c keeps it to itself. */
struct record {
	uint64_t ino;
	uint32_t mode, widen;
	char name[256], final[256];
};

/* What was delivered before. */
static const char *const older[] = {"older", "taken", "link", "dir"};
#define OLDER (sizeof(older) / sizeof(*older))
/* What is decided and not yet visible. */
static const char *const staged[] = {"a", "b", "taken", "sealed", "pointer", "d"};
#define STAGED (sizeof(staged) / sizeof(*staged))

static struct stat older_before[OLDER], staged_before[STAGED];
static int incoming;

static void make_file(int dir, const char *name)
{
	MUST(close(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600)));
}

static int make_directory(int dir, const char *name)
{
	int fd;

	MUST(mkdirat(dir, name, 0700));
	MUST(fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fd;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	incoming = scratch_root();
	return 0;
}

static void make_older(void)
{
	make_file(incoming, "older");
	make_file(incoming, "taken");
	MUST(symlinkat("../beside", incoming, "link"));
	MUST(close(make_directory(incoming, "dir")));
	for (size_t i = 0; i < OLDER; i++)
		MUST(fstatat(incoming, older[i], &older_before[i], AT_SYMLINK_NOFOLLOW));
}

static void make_staged(int dir)
{
	int commit = make_directory(dir, STAGING_COMMIT), inside;

	make_file(commit, "a");
	make_file(commit, "b");
	make_file(commit, "taken");
	inside = make_directory(commit, "sealed");
	make_file(inside, "f");
	MUST(fchmod(inside, 0500));
	close(inside);
	MUST(symlinkat("../../../beside", commit, "pointer"));
	MUST(close(make_directory(commit, "d")));
	for (size_t i = 0; i < STAGED; i++)
		MUST(fstatat(commit, staged[i], &staged_before[i], AT_SYMLINK_NOFOLLOW));
	close(commit);
}

static void make_plan(int dir, const uint8_t *data, size_t size)
{
	static uint8_t plan[PLAN_MAX];
	int fd;

	size = size < sizeof(plan) ? size : sizeof(plan);
	memcpy(plan, data, size);
	for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(struct record)) {
		uint64_t ino;

		memcpy(&ino, plan + i, sizeof(ino));
		if (!(ino >> 63)) {
			ino = staged_before[ino % STAGED].st_ino;
			memcpy(plan + i, &ino, sizeof(ino));
		}
	}
	MUST(fd = openat(dir, STAGING_PLAN, O_WRONLY | O_CREAT | O_EXCL, 0600));
	CHECK(write(fd, plan, size) == (ssize_t)size);
	close(fd);
}

static bool is_staged(const struct stat *status)
{
	for (size_t i = 0; i < STAGED; i++) {
		if (status->st_ino == staged_before[i].st_ino)
			return (status->st_mode & S_IFMT) == (staged_before[i].st_mode & S_IFMT);
	}
	return false;
}

static bool is_older(const char *name)
{
	for (size_t i = 0; i < OLDER; i++) {
		if (strcmp(name, older[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Beside what was delivered before there is only what was staged, and the staging directory where
 * its plan was refused.
 */
static void check_entry(const char *path, int dir, const char *name, const struct stat *status)
{
	(void)dir;
	CHECK((status->st_mode & 07000) == 0);
	if (strchr(path, '/') || is_older(name) || strcmp(name, STAGING) == 0)
		return;
	CHECK(is_staged(status));
	CHECK(qfile_name_check(name, strlen(name), QFILE_ALLOW_ALL_NAMES) == 0);
}

static void check_older(void)
{
	for (size_t i = 0; i < OLDER; i++) {
		struct stat now;

		CHECK(fstatat(incoming, older[i], &now, AT_SYMLINK_NOFOLLOW) == 0);
		CHECK(now.st_ino == older_before[i].st_ino &&
		      now.st_mode == older_before[i].st_mode);
		CHECK(now.st_size == older_before[i].st_size &&
		      now.st_nlink == older_before[i].st_nlink);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned descriptors = fuzz_open_descriptors();
	int dir;

	make_older();
	dir = make_directory(incoming, STAGING);
	make_staged(dir);
	make_plan(dir, data, size);
	close(dir); /* whoever made it is dead: nobody has locked it */

	commit_sweep(incoming);
	check_older();
	scratch_walk(check_entry);
	scratch_check_outside();
	scratch_empty();
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}

/* A name of one of the entries, or one that leads elsewhere; or some bytes changed. */
static void change_name(char name[256], unsigned seed)
{
	static const char *const others[] = {"..",       ".",     "",  "../beside/file", "dir/a",
					     "sealed/f", STAGING, "x", "taken (2)"};
	const size_t count = STAGED + OLDER + sizeof(others) / sizeof(*others);
	size_t i = seed % (count + 4);

	if (i >= count)
		LLVMFuzzerMutate((uint8_t *)name, 256, 256);
	else /* what is behind the NUL does not matter, and is cleared */
		strncpy(name,
			i < STAGED           ? staged[i]
			: i < STAGED + OLDER ? older[i - STAGED]
					     : others[i - STAGED - OLDER],
			256);
}

/*
 * Every other time within one record, so that the others stay what they are; else bytes anywhere.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static const uint32_t modes[] = {0, 0500, 0777, 04755, 07777, 01000, UINT32_MAX};
	struct record record;
	uint8_t *at;

	if (size < sizeof(record) || seed % 2)
		return LLVMFuzzerMutate(data, size, max_size);
	at = data + (seed >> 1) % (size / sizeof(record)) * sizeof(record);
	memcpy(&record, at, sizeof(record));
	if (seed >> 8 & 1)
		change_name(seed >> 9 & 1 ? record.name : record.final, seed >> 10);
	else if (seed >> 9 & 1)
		record.mode = modes[(seed >> 10) % (sizeof(modes) / sizeof(*modes))];
	else
		record.widen = !record.widen;
	if (seed >> 16 & 1)
		record.ino = seed >> 17;
	/* One record more, in place of a changed one. */
	if (seed >> 24 & 1 && max_size - size >= sizeof(record)) {
		at = data + size - size % sizeof(record);
		size = (size_t)(at - data) + sizeof(record);
	}
	memcpy(at, &record, sizeof(record));
	return size;
}
