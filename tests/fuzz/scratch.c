/*
 * A directory for what an input makes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "scratch.h"

#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/*
 * Some directories above the root, so that climbing out of it by a few levels shows; and a
 * neighbour.
 */
static const char *const outside[] = {".", "up", "up/up", "up/up/beside", "up/up/beside/file"};
#define OUTSIDE (sizeof(outside) / sizeof(*outside))
#define ROOT    "up/up/root"

static char base_path[PATH_MAX];
static int base = -1, root = -1;
static struct stat before[OUTSIDE];

static void look_outside(struct stat status[OUTSIDE])
{
	for (size_t i = 0; i < OUTSIDE; i++)
		CHECK(fstatat(base, outside[i], &status[i], AT_SYMLINK_NOFOLLOW) == 0);
}

/* ---- Going over what is there ---- */

static char path[1 << 17]; /* of the entry that we are at, longer than any input makes it */

/* Without opendir(), whose buffer of 32 KiB for each directory took half of the time. */
struct list {
	ssize_t size, pos;
	char buffer[4096] __attribute__((aligned(8)));
};

/* The next entry of a directory, but "." and ".."; NULL at the end. */
static const struct dirent64 *next_entry(int dir, struct list *list)
{
	const struct dirent64 *entry;

	do {
		if (list->pos == list->size) {
			MUST(list->size = getdents64(dir, list->buffer, sizeof(list->buffer)));
			list->pos = 0;
		}
		if (list->size == 0)
			return NULL;
		entry = (const struct dirent64 *)(const void *)(list->buffer + list->pos);
		list->pos += entry->d_reclen;
	} while (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	return entry;
}

static void walk(int dir, size_t length, scratch_visit *visit)
{
	struct list list = {.size = 0};
	const struct dirent64 *entry;

	while ((entry = next_entry(dir, &list))) {
		size_t name_length = strlen(entry->d_name);
		struct stat status;
		int inside;

		CHECK(length + name_length + 2 < sizeof(path));
		memcpy(path + length, entry->d_name, name_length + 1);
		CHECK(fstatat(dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0);
		visit(path, dir, entry->d_name, &status);
		if (!S_ISDIR(status.st_mode))
			continue;
		if ((status.st_mode & 0700) != 0700)
			MUST(fchmodat(dir, entry->d_name, 0700, 0));
		MUST(inside = openat(dir, entry->d_name, OPEN_DIRECTORY));
		strcpy(path + length + name_length, "/");
		walk(inside, length + name_length + 1, visit);
		close(inside);
	}
}

void scratch_walk(scratch_visit *visit)
{
	MUST(lseek(root, 0, SEEK_SET));
	walk(root, 0, visit);
}

/* Directories that were visited can be entered. */
static void empty(int dir)
{
	struct list list = {.size = 0};
	const struct dirent64 *entry;

	while ((entry = next_entry(dir, &list))) {
		if (entry->d_type == DT_DIR) {
			int inside = openat(dir, entry->d_name, OPEN_DIRECTORY);

			MUST(inside);
			empty(inside);
			close(inside);
		}
		MUST(unlinkat(dir, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0));
	}
}

void scratch_empty(void)
{
	MUST(lseek(root, 0, SEEK_SET));
	empty(root);
}

/* ---- The beginning and the end ---- */

static void scratch_remove(void)
{
	scratch_empty();
	unlinkat(base, "up/up/beside/file", 0);
	unlinkat(base, "up/up/beside", AT_REMOVEDIR);
	unlinkat(base, ROOT, AT_REMOVEDIR);
	unlinkat(base, "up/up", AT_REMOVEDIR);
	unlinkat(base, "up", AT_REMOVEDIR);
	rmdir(base_path);
}

static void make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base_path, sizeof(base_path), "%s/qfile-fuzz-XXXXXX",
		 tmp && *tmp ? tmp : "/dev/shm");
	if (!mkdtemp(base_path))
		fuzz_fail(base_path, __FILE__, __LINE__);
	MUST(base = open(base_path, OPEN_DIRECTORY));
	MUST(mkdirat(base, "up", 0700));
	MUST(mkdirat(base, "up/up", 0700));
	MUST(mkdirat(base, "up/up/beside", 0700));
	MUST(mkdirat(base, ROOT, 0700));
	MUST(close(openat(base, "up/up/beside/file", O_WRONLY | O_CREAT, 0600)));
	MUST(root = openat(base, ROOT, OPEN_DIRECTORY));
	atexit(scratch_remove);
	look_outside(before);
	/*
	 * The clock of the file system has moved on: what is changed from now on gets another time.
	 */
	usleep(50000);
}

int scratch_root(void)
{
	if (root < 0)
		make();
	return root;
}

void scratch_check_outside(void)
{
	struct stat now[OUTSIDE];

	look_outside(now);
	for (size_t i = 0; i < OUTSIDE; i++) {
		/* The change time stands for names, modes, owners and content. */
		CHECK(now[i].st_ino == before[i].st_ino);
		CHECK(now[i].st_ctim.tv_sec == before[i].st_ctim.tv_sec &&
		      now[i].st_ctim.tv_nsec == before[i].st_ctim.tv_nsec);
	}
}
