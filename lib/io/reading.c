/*
 * The content of a file that is sent, to where reading ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/reading.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/*
 * The pages of a large file are sent themselves, which takes a fifth less time than sending copies.
 * But a page that changes after it was summed, and before the receiver reads it, fails the whole
 * delivery: so this is not done with a file that was written to in the last seconds.
 */
#define QUIET_SECONDS 2

/* A file that grows at each of so many looks is growing, and its size is no lie. */
#define LOOKS 4

static void use_status(struct reading *content)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	content->length = (uint64_t)content->status.st_size;
	content->quiet = now.tv_sec - content->status.st_mtim.tv_sec > QUIET_SECONDS;
}

/*
 * For others, such as /proc, FUSE and what is on a network, only an empty read is the end. It takes
 * a tenth of the time of a small file.
 */
static void ask_disk(const struct reading *content, struct reading_disk *disk)
{
	struct statfs fs;

	if (disk->known && disk->dev == content->status.st_dev)
		return;
	*disk = (struct reading_disk){.dev = content->status.st_dev, .known = true};
	if (fstatfs(content->fd, &fs) < 0)
		return;
	disk->is_slow = fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
			fs.f_type == BTRFS_SUPER_MAGIC;
	disk->is_local = disk->is_slow || fs.f_type == TMPFS_MAGIC;
}

int reading_open(struct reading *content, struct walk *walk, const struct walk_entry *entry,
		 struct reading_disk *disk)
{
	*content = (struct reading){.fd = -1};
	content->fd = walk_open(entry, &content->status);
	if (content->fd < 0)
		return content->fd;
	if (!S_ISREG(content->status.st_mode)) {
		reading_close(content);
		return -ESTALE;
	}
	use_status(content);
	ask_disk(content, disk);
	content->is_local = disk->is_local;
	content->ahead = disk->is_slow ? walk : NULL;
	return 0;
}

void reading_close(struct reading *content)
{
	if (content->fd >= 0)
		close(content->fd);
	content->fd = -1;
}

int reading_rewind(struct reading *content)
{
	content->offset = 0;
	return lseek(content->fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/*
 * Read, as read(2) does. Where the beginning of the file is not in memory, whoever waits for it has
 * the disk bring the next files at the same time: one file after another, a disk of many channels
 * is idle most of the time.
 */
static ssize_t read_some(struct reading *content, void *bytes, size_t size)
{
	const struct iovec piece = {.iov_base = bytes, .iov_len = size};
	ssize_t n;

	if (!content->ahead)
		return read(content->fd, bytes, size);
	n = preadv2(content->fd, &piece, 1, -1, RWF_NOWAIT);
	if (n < 0 && errno == EAGAIN)
		walk_ahead(content->ahead);
	content->ahead = NULL;
	/* Not every file system and kernel can tell. And "0" may be said of what is not there yet.
	 */
	return n > 0 ? n : read(content->fd, bytes, size);
}

ssize_t reading_read(struct reading *content, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read_some(content, (char *)bytes + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
		if (content->is_local && done < size && (off_t)done == content->status.st_size)
			break;
	}
	content->offset += done;
	return (ssize_t)done;
}

bool reading_has_its_size(struct reading *content)
{
	for (int looks = 0; looks < LOOKS; looks++) {
		off_t size = content->status.st_size;
		char byte;

		if ((size == 0 || pread(content->fd, &byte, 1, size - 1) == 1) &&
		    pread(content->fd, &byte, 1, size) == 0)
			return true;
		if (fstat(content->fd, &content->status) < 0 || content->status.st_size == size)
			return false;
		use_status(content);
	}
	return true;
}

bool reading_changed(const struct reading *content)
{
	const struct timespec *before = &content->status.st_mtim;
	struct stat now;

	return fstat(content->fd, &now) < 0 || now.st_size != content->status.st_size ||
	       now.st_mtim.tv_sec != before->tv_sec || now.st_mtim.tv_nsec != before->tv_nsec;
}
