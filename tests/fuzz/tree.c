/*
 * What a stream says, read without the library.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "tree.h"

#include "fuzz.h"

#include <fcntl.h>
#include <qfile.h>
#include <string.h>
#include <unistd.h>

/* The header as it stands on the wire, on a machine that is little-endian as the wire is. */
struct wire_header {
	uint32_t namelen, mode;
	uint64_t filelen;
	uint32_t atime, atime_nsec, mtime, mtime_nsec;
};

_Static_assert(sizeof(struct wire_header) == QFILE_HEADER_SIZE, "no holes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a header can be copied");

void tree_read(struct tree *tree, const uint8_t *stream, size_t size)
{
	size_t pos = 0;

	tree->count = tree->end = 0;
	while (size - pos >= QFILE_HEADER_SIZE && tree->count < TREE_ENTRIES) {
		struct tree_entry *entry = &tree->entries[tree->count];
		struct wire_header header;

		memcpy(&header, stream + pos, sizeof(header));
		pos += sizeof(header);
		if (header.namelen == 0) {
			tree->end = pos;
			return;
		}
		if (header.namelen > size - pos)
			return;
		*entry = (struct tree_entry){
			.name = (const char *)stream + pos,
			.name_length = header.namelen - 1,
			.mode = header.mode,
			.size = header.filelen,
			.atime = header.atime,
			.atime_nsec = header.atime_nsec,
			.mtime = header.mtime,
			.mtime_nsec = header.mtime_nsec,
			.data = stream + pos + header.namelen,
		};
		pos += header.namelen;
		entry->present = entry->size < size - pos ? (size_t)entry->size : size - pos;
		pos += entry->present;
		tree->count++;
	}
}

size_t tree_write(const struct tree *tree, uint8_t *stream, size_t max)
{
	size_t used = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];
		struct wire_header header = {
			.namelen = (uint32_t)entry->name_length + 1,
			.mode = entry->mode,
			.filelen = entry->size,
			.atime = entry->atime,
			.atime_nsec = entry->atime_nsec,
			.mtime = entry->mtime,
			.mtime_nsec = entry->mtime_nsec,
		};

		if (max - used < 2 * sizeof(header) + entry->name_length + 1 + entry->present)
			break;
		memcpy(stream + used, &header, sizeof(header));
		used += sizeof(header);
		memcpy(stream + used, entry->name, entry->name_length);
		used += entry->name_length;
		stream[used++] = '\0';
		memcpy(stream + used, entry->data, entry->present);
		used += entry->present;
	}
	if (tree->end && max - used >= QFILE_HEADER_SIZE) {
		memset(stream + used, 0, QFILE_HEADER_SIZE);
		used += QFILE_HEADER_SIZE;
	}
	return used;
}

const char *tree_last_name(const struct tree *tree)
{
	return tree->count ? tree->entries[tree->count - 1].name : "";
}

static int same_name(const struct tree_entry *entry, const char *path, size_t length)
{
	return entry->name_length == length && memcmp(entry->name, path, length) == 0;
}

static int same_time(const struct timespec *time, uint32_t seconds, uint32_t nanoseconds)
{
	return time->tv_sec == seconds && time->tv_nsec == nanoseconds;
}

static void check_content(const struct tree_entry *entry, int dir, const char *name)
{
	static uint8_t content[1 << 16];
	size_t done = 0;
	ssize_t n;
	int fd;

	MUST(fchmodat(dir, name, 0600, 0)); /* its own mode may keep us out */
	MUST(fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
	while ((n = read(fd, content, sizeof(content))) > 0) {
		CHECK((size_t)n <= entry->present - done &&
		      memcmp(content, entry->data + done, (size_t)n) == 0);
		done += (size_t)n;
	}
	CHECK(done == entry->size);
	close(fd);
}

static void check_target(const struct tree_entry *entry, int dir, const char *name)
{
	char target[QFILE_NAME_MAX + 1];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	CHECK(n > 0 && (uint64_t)n == entry->size && memcmp(target, entry->data, (size_t)n) == 0);
}

/* A directory comes as often as it likes; the last time counts. */
static const struct tree_entry *find(const struct tree *tree, const char *path, size_t *times)
{
	const struct tree_entry *last = NULL;
	size_t length = strlen(path);

	*times = 0;
	for (size_t i = 0; i < tree->count; i++) {
		if (same_name(&tree->entries[i], path, length)) {
			last = &tree->entries[i];
			++*times;
		}
	}
	return last;
}

void tree_check_entry(const struct tree *tree, const char *path, int dir, const char *name,
		      const struct stat *status)
{
	size_t times;
	const struct tree_entry *entry = find(tree, path, &times);

	CHECK(entry != NULL);
	CHECK((entry->mode & S_IFMT) == (status->st_mode & S_IFMT));
	if (S_ISDIR(status->st_mode)) {
		CHECK((status->st_mode & 0777) == (times > 1 ? entry->mode & 0777 : 0700));
		return;
	}
	CHECK(times == 1);
	CHECK(same_time(&status->st_mtim, entry->mtime, entry->mtime_nsec));
	/* Our own look at a link counts as access. */
	CHECK(same_time(&status->st_atim, entry->atime, entry->atime_nsec) ||
	      S_ISLNK(status->st_mode));
	if (S_ISREG(status->st_mode)) {
		CHECK((status->st_mode & 0777) == (entry->mode & 0777));
		check_content(entry, dir, name);
	} else {
		check_target(entry, dir, name);
	}
}
