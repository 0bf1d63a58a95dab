/*
 * The receiver's parser: a stream in, directories, files and links out. qfile(5) describes the
 * format.
 *
 * Every name is checked as a whole. Every system call gets one component of it, relative to a
 * directory that is open already, so no call follows a link.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/unpack.h"

#include "io/dirstack.h"
#include "io/space.h"
#include "io/stream.h"
#include "receive/child/disk.h"
#include "receive/child/piece.h"
#include "receive/child/report.h"
#include "receive/child/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct unpacker {
	const struct unpack_options *options;
	struct stream_reader reader;
	/* The directory last worked in; its first level is the root, with an empty name. */
	struct dirstack dirs;
	struct qfile_received *received;
	struct qfile_header header;      /* of the current entry */
	char name[QFILE_NAME_MAX + 1];   /* of the current entry */
	const char *base;                /* the last component of `name` */
	char target[QFILE_NAME_MAX + 1]; /* of the current link */
	/*
	 * What is to be synced in the end, as long as there are no more entries than that: each
	 * file and directory that was made, once.
	 */
	int kept[UNPACK_SYNCED_MAX];
	size_t kept_count;
	bool unsynced; /* a file or directory cannot be synced by itself here */
	int open;      /* the file whose content comes, until it is kept or the writer's; or -1 */
	uint64_t end;  /* as for piece_write() */
};

/* ---- The stream ---- */

/* What has come is written while the child waits for more: a sender may be slow. */
static void before_peek(struct unpacker *unpacker, size_t size)
{
	if (unpacker->options->writer && stream_must_wait(&unpacker->reader, size))
		writer_flush(unpacker->options->writer);
}

/* As stream_peek(). */
static ssize_t peek(struct unpacker *unpacker, size_t size, const unsigned char **bytes)
{
	before_peek(unpacker, size);
	return stream_peek(&unpacker->reader, size, bytes);
}

/* As stream_peek_pages(). */
static ssize_t peek_pages(struct unpacker *unpacker, uint64_t offset, const unsigned char **bytes)
{
	before_peek(unpacker, 1);
	return stream_peek_pages(&unpacker->reader, offset, bytes);
}

/* Why an entry cannot be made in `dir`: what errno says. */
static int refused(const struct unpacker *unpacker, int dir)
{
	return disk_entry_refused(dir, unpacker->options->folds, errno);
}

/* ---- Stable storage ---- */

static int close_kept(struct unpacker *unpacker)
{
	int r = 0;

	while (unpacker->kept_count > 0) {
		int closed = disk_close(unpacker->kept[--unpacker->kept_count]);

		r = r < 0 ? r : closed;
	}
	return r;
}

/* Is what there is so far to be synced in the end? */
static bool keeps(const struct unpacker *unpacker)
{
	return !unpacker->options->sync_each && unpack_synced(&unpacker->received->size);
}

/*
 * A directory was made, and is the deepest one: keep it, if it is to be synced in the end. Not at
 * its second header, which may come never or often.
 */
static int keep_directory(struct unpacker *unpacker)
{
	int fd;

	if (!keeps(unpacker))
		return 0;
	fd = openat(dirstack_fd(&unpacker->dirs), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unpacker->kept[unpacker->kept_count++] = fd;
	return 0;
}

/* Nothing more comes into this directory for now: sync it now, if each is. Closes `fd`. */
static int end_directory(struct unpacker *unpacker, int fd)
{
	return disk_end(fd, unpacker->options->sync_each, &unpacker->unsynced);
}

static int sync_kept(struct unpacker *unpacker)
{
	int r = 0;

	if (!unpack_synced(&unpacker->received->size))
		return close_kept(unpacker);
	for (size_t i = 0; r == 0 && i < unpacker->kept_count; i++)
		r = disk_sync(unpacker->kept[i], &unpacker->unsynced);
	return r;
}

/* ---- The way ---- */

/* Leave directories until the deepest one is `dir`, or above it. */
static int climb(struct unpacker *unpacker, const char *dir, size_t length)
{
	struct dirstack *dirs = &unpacker->dirs;

	while (dirs->depth > 1 &&
	       !(dirs->pathlen <= length && memcmp(dirs->path, dir, dirs->pathlen) == 0 &&
		 (dirs->pathlen == length || dir[dirs->pathlen] == '/'))) {
		int fd = dirstack_pop(dirs), r = fd < 0 ? fd : end_directory(unpacker, fd);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Make the directory that is open as `fd` the deepest one. */
static int enter(struct unpacker *unpacker, int fd, const char *name, size_t length)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return dirstack_push(&unpacker->dirs, name, length, fd, &status, DIRSTACK_BY_NAME);
}

/* Enter the directory `component` of the deepest one. */
static int descend(struct unpacker *unpacker, const char *component, size_t length)
{
	char name[NAME_MAX + 1]; /* long enough: qfile_name_check() was called */
	int fd;

	memcpy(name, component, length);
	name[length] = '\0';
	fd = openat(dirstack_fd(&unpacker->dirs), name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : enter(unpacker, fd, name, length);
}

/*
 * Enter the directory that the current entry is in. Nearly always it is the deepest one already.
 */
static int go_to_parent(struct unpacker *unpacker)
{
	struct dirstack *dirs = &unpacker->dirs;
	size_t length =
		unpacker->base > unpacker->name ? (size_t)(unpacker->base - unpacker->name) - 1 : 0;
	int r = climb(unpacker, unpacker->name, length);

	while (r == 0 && dirs->pathlen < length) {
		const char *component = unpacker->name + dirs->pathlen + (dirs->pathlen > 0);
		const char *slash =
			memchr(component, '/', (size_t)(unpacker->name + length - component));

		r = descend(unpacker, component,
			    slash ? (size_t)(slash - component)
				  : (size_t)(unpacker->name + length - component));
	}
	/* Not sent before, a file, a link, or made unusable by its second header. */
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES ? -EINVAL : r;
}

static void entry_times(const struct unpacker *unpacker, struct timespec times[2])
{
	const struct qfile_header *header = &unpacker->header;

	times[0] = (struct timespec){.tv_sec = header->atime, .tv_nsec = header->atime_nsec};
	times[1] = (struct timespec){.tv_sec = header->mtime, .tv_nsec = header->mtime_nsec};
}

/*
 * Count an entry that is about to be made. If it is at the top level, where its name may be taken,
 * report it to the monitor.
 */
static int announce(struct unpacker *unpacker)
{
	struct qfile_received *received = unpacker->received;
	const struct qfile_limits *limits = &unpacker->options->limits;

	if (received->size.entries >= limits->files)
		return -EDQUOT;
	received->size.entries++;
	if (unpacker->options->report >= 0 && received->size.entries % UNPACK_GROWN == 0) {
		struct report report = {.kind = REPORT_GROWN};
		int r = report_send(unpacker->options->report, &report, "");

		if (r < 0)
			return r;
	}
	if (unpacker->options->report >= 0 && unpacker->base == unpacker->name) {
		struct report report = {.kind = REPORT_ENTRY,
					.namelen = (uint32_t)strlen(unpacker->name)};

		return report_send(unpacker->options->report, &report, unpacker->name);
	}
	return 0;
}

/*
 * A directory gets this mode. Some disks, as of FUSE, find even an open file by its name: if nobody
 * may pass through the directory any more, the writer has to be done with what is in it.
 */
static int complete_files(const struct unpacker *unpacker, unsigned mode)
{
	struct writer *writer = unpacker->options->writer;

	return writer && !(mode & S_IXUSR) ? writer_wait(writer) : 0;
}

/* The second header of the deepest directory: its entries are complete, so set mode and times. */
static int seal_directory(struct unpacker *unpacker)
{
	struct timespec times[2];
	int fd = dirstack_pop(&unpacker->dirs), r;

	if (fd < 0)
		return fd;
	entry_times(unpacker, times);
	r = complete_files(unpacker, unpacker->header.mode);
	if (r == 0 && fchmod(fd, unpacker->header.mode & 0777) < 0)
		r = disk_mode_refused(errno);
	if (r == 0 && futimens(fd, times) < 0)
		r = disk_times_refused(errno);
	if (r == 0)
		return end_directory(unpacker, fd);
	close(fd);
	return r;
}

/* It was made just now. */
static int begin_directory(struct unpacker *unpacker)
{
	int r = announce(unpacker);

	if (r == 0)
		r = descend(unpacker, unpacker->base, strlen(unpacker->base));
	return r < 0 ? r : keep_directory(unpacker);
}

static int unpack_directory(struct unpacker *unpacker)
{
	struct dirstack *dirs = &unpacker->dirs;
	bool full = unpacker->received->size.entries >= unpacker->options->limits.files;
	int r;

	r = climb(unpacker, unpacker->name, strlen(unpacker->name));
	if (r < 0)
		return r;
	if (strcmp(dirs->path, unpacker->name) == 0)
		return seal_directory(unpacker);
	r = go_to_parent(unpacker);
	if (r < 0)
		return r;
	/*
	 * 0700, whatever was sent, because its entries must be made first. At the limit no
	 * directory can be made, so it must be one that exists.
	 */
	if (!full && mkdirat(dirstack_fd(dirs), unpacker->base, 0700) == 0)
		return begin_directory(unpacker);
	/* Where the disk takes other names for this one, it may be another that exists. */
	if (!full && (errno != EEXIST || unpacker->options->folds))
		return refused(unpacker, dirstack_fd(dirs));
	/* It exists: the sender does not go depth first, and comes back to it. */
	r = descend(unpacker, unpacker->base, strlen(unpacker->base));
	if (r == -ENOENT && full)
		return -EDQUOT;
	if (r == -ENOTDIR) /* a file or a link */
		return -EEXIST;
	if (r == -EACCES) /* its second header made it unreadable */
		return -EINVAL;
	return r < 0 ? r : seal_directory(unpacker);
}

/*
 * Have a piece of a file written. A file that is to be kept stays open, which the writer's do not.
 * What is complete is no more the open one.
 */
static int put_piece(struct unpacker *unpacker, const struct piece *piece, bool kept)
{
	struct writer *writer = kept ? NULL : unpacker->options->writer;
	int r = writer ? writer_put(writer, piece) : piece_write(piece, &unpacker->end);

	if (r < 0 || !piece->last)
		return r;
	unpacker->open = -1;
	if (kept)
		unpacker->kept[unpacker->kept_count++] = piece->fd;
	else if (!writer)
		r = disk_end(piece->fd, piece->sync, &unpacker->unsynced);
	return r;
}

/* Show what has come of the content from `offset` on. Returns how much that is. */
static ssize_t peek_content(struct unpacker *unpacker, uint64_t offset, const unsigned char **bytes)
{
	uint64_t length = unpacker->header.filelen, left = length - offset;
	ssize_t n;

	*bytes = NULL;
	if (left == 0)
		return 0;
	/*
	 * Wait for all of a small file, but take what there is of a large one, while the sender
	 * reads more.
	 */
	n = length < STREAM_BUFFER_SIZE / 4 ? peek(unpacker, (size_t)length, bytes)
					    : peek_pages(unpacker, offset, bytes);
	return n < 0 || (uint64_t)n < left ? n : (ssize_t)left;
}

/* Receive the content of the file that is open, and complete it. */
static int receive_content(struct unpacker *unpacker)
{
	const bool kept = keeps(unpacker);
	struct piece piece = {
		.fd = unpacker->open,
		.sync = unpacker->options->sync_each,
		.untrusted_name = unpacker->name,
	};

	int r = kept ? 0 : close_kept(unpacker);

	if (r < 0)
		return r;
	entry_times(unpacker, piece.times);
	do {
		ssize_t n = peek_content(unpacker, piece.offset, &piece.bytes);

		if (n < 0)
			return (int)n;
		piece.size = (size_t)n;
		piece.last = piece.offset + piece.size == unpacker->header.filelen;
		r = put_piece(unpacker, &piece, kept);
		if (r < 0)
			return r;
		stream_take(&unpacker->reader, piece.size);
		piece.offset += piece.size;
	} while (!piece.last);
	return 0;
}

static int unpack_file(struct unpacker *unpacker)
{
	struct qfile_received *received = unpacker->received;
	int r;

	if (unpacker->header.filelen > unpacker->options->limits.bytes - received->size.bytes)
		return -EDQUOT;
	/* Refuse a file that cannot fit before its content is read. */
	r = space_check(unpacker->options->root, unpacker->header.filelen);
	if (r == 0)
		r = go_to_parent(unpacker);
	if (r == 0)
		r = announce(unpacker);
	if (r < 0)
		return r;
	unpacker->open = openat(dirstack_fd(&unpacker->dirs), unpacker->base,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				unpacker->header.mode & 0777);
	if (unpacker->open < 0)
		return refused(unpacker, dirstack_fd(&unpacker->dirs));
	received->size.bytes += unpacker->header.filelen;
	return receive_content(unpacker);
}

static int unpack_link(struct unpacker *unpacker)
{
	size_t length = (size_t)unpacker->header.filelen;
	char *target = unpacker->target;
	const unsigned char *bytes;
	struct timespec times[2];
	ssize_t n = peek(unpacker, length, &bytes);
	int r;

	if (n < 0)
		return (int)n;
	memcpy(target, bytes, length);
	target[length] = '\0';
	stream_take(&unpacker->reader, length);
	r = qfile_link_check(unpacker->name, target, length, unpacker->options->flags);
	if (r == 0)
		r = go_to_parent(unpacker);
	if (r == 0)
		r = announce(unpacker);
	if (r < 0)
		return r;
	if (symlinkat(target, dirstack_fd(&unpacker->dirs), unpacker->base) < 0)
		return refused(unpacker, dirstack_fd(&unpacker->dirs));
	entry_times(unpacker, times);
	if (utimensat(dirstack_fd(&unpacker->dirs), unpacker->base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return disk_times_refused(errno);
	return 0;
}

/* Take the name from the stream, and check it. `last` becomes the name as it came. */
static int receive_name(struct unpacker *unpacker, char *last)
{
	size_t namelen = unpacker->header.namelen;
	const unsigned char *bytes;
	const char *slash;
	ssize_t n = peek(unpacker, namelen, &bytes);

	if (n < 0)
		return (int)n;
	memcpy(unpacker->name, bytes, namelen);
	stream_take(&unpacker->reader, namelen);
	memcpy(last, unpacker->name, namelen - 1);
	last[namelen - 1] = '\0';
	if (unpacker->name[namelen - 1] != '\0')
		return -EINVAL;
	slash = strrchr(unpacker->name, '/');
	unpacker->base = slash ? slash + 1 : unpacker->name;
	return qfile_name_check(unpacker->name, namelen - 1, unpacker->options->flags);
}

/* Receive one entry. Returns 1 for an entry, 0 for the end of the transfer. */
static int unpack_entry(struct unpacker *unpacker, char *last)
{
	const unsigned char *bytes;
	ssize_t n = peek(unpacker, QFILE_HEADER_SIZE, &bytes);
	int r;

	if (n < 0)
		return (int)n;
	r = qfile_header_decode(bytes, &unpacker->header);
	if (r < 0)
		return r;
	stream_take(&unpacker->reader, QFILE_HEADER_SIZE);
	if (unpacker->header.namelen == 0)
		return 0;
	r = receive_name(unpacker, last);
	if (r < 0)
		return r;
	switch (unpacker->header.mode & S_IFMT) {
	case S_IFDIR:
		r = unpack_directory(unpacker);
		break;
	case S_IFLNK:
		r = unpack_link(unpacker);
		break;
	default:
		r = unpack_file(unpacker);
	}
	return r < 0 ? r : 1;
}

/* Enter the root. */
static int begin(struct unpacker *unpacker)
{
	int fd = openat(unpacker->options->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : enter(unpacker, fd, "", 0);
}

/* What cannot be synced here is left to the monitor, which must be told. */
static int report_unsynced(const struct unpacker *unpacker)
{
	const struct report report = {.kind = REPORT_UNSYNCED};

	if (!unpacker->unsynced || unpacker->options->report < 0)
		return 0;
	return report_send(unpacker->options->report, &report, "");
}

/*
 * Wait for what the writer does. What failed there came before whatever has failed here, `r`, and
 * is what is told.
 */
static int finish_files(struct unpacker *unpacker, int r, char *last)
{
	struct writer *writer = unpacker->options->writer;
	int failed = writer ? writer_finish(writer, last, &unpacker->unsynced) : 0;

	return failed < 0 ? failed : r;
}

static int unpack_all(struct unpacker *unpacker, char *last)
{
	int r = begin(unpacker);

	if (r < 0)
		return r;
	do
		r = unpack_entry(unpacker, last);
	while (r > 0);
	r = finish_files(unpacker, r, last);
	/* Directories whose second header never came are complete, too. */
	if (r == 0 && unpacker->options->sync_each)
		r = climb(unpacker, "", 0);
	if (r == 0)
		r = sync_kept(unpacker);
	return r < 0 ? r : report_unsynced(unpacker);
}

int unpack(const struct unpack_options *options, struct qfile_received *received,
	   char last[QFILE_NAME_MAX])
{
	/* Large for a stack, whose size the starter may have limited. */
	struct unpacker *unpacker = calloc(1, sizeof(*unpacker));
	int r;

	*received = (struct qfile_received){.crc = 0};
	last[0] = '\0';
	if (!unpacker)
		return -ENOMEM;
	unpacker->options = options;
	unpacker->received = received;
	unpacker->open = -1;
	dirstack_init(&unpacker->dirs);
	r = stream_reader_open(&unpacker->reader, options->in);
	if (r == 0) {
		stream_widen_pipe(options->in);
		unpacker->reader.timeout = stream_timeout(options->timeout);
		r = unpack_all(unpacker, last);
		received->crc = stream_reader_crc(&unpacker->reader);
	}
	if (unpacker->open >= 0)
		close(unpacker->open);
	close_kept(unpacker);
	dirstack_close(&unpacker->dirs);
	stream_reader_close(&unpacker->reader);
	free(unpacker);
	return r;
}
