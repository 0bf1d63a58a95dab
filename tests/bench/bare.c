/*
 * The limit beside which the benchmarks put qfilecopy: a pair of programs that does nothing but
 * move files and their checksum through a pipe. No confinement, no checks, no answer, no sync, no
 * command line. It uses the library's streams, which are the best way of moving bytes that is known
 * here, and calls the kernel as few times for a file as can be.
 *
 *     bare send NAME | bare receive DIRECTORY
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/directory.h"
#include "io/stream.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind {
	KIND_END,
	KIND_FILE,
	KIND_DIRECTORY, /* what follows is in it, */
	KIND_UP         /* until then */
};

struct header {
	uint32_t kind, name_size;
	uint64_t size;
	struct timespec times[2];
};

/* A file that does not fit in the buffer together with others goes by itself. */
#define LARGE (STREAM_BUFFER_SIZE / 4)

#define DEPTH_MAX 256

static void must(ssize_t result, const char *what)
{
	if (result < 0) {
		errno = (int)-result;
		err(1, "%s", what);
	}
}

/* ---- Sending ---- */

static void put(struct stream_writer *writer, const void *bytes, size_t size)
{
	unsigned char *room;

	must(stream_room(writer, size, &room), "sending");
	memcpy(room, bytes, size);
	stream_put(writer, size);
}

static void put_header(struct stream_writer *writer, enum kind kind, const char *name,
		       const struct stat *status)
{
	struct header header = {.kind = kind, .name_size = (uint32_t)strlen(name)};

	if (status) {
		header.size = (uint64_t)status->st_size;
		header.times[0] = status->st_atim;
		header.times[1] = status->st_mtim;
	}
	put(writer, &header, sizeof(header));
	put(writer, name, header.name_size);
}

static void send_small(struct stream_writer *writer, int fd, size_t size)
{
	unsigned char *room;

	must(stream_room(writer, size, &room), "sending");
	if (read(fd, room, size) != (ssize_t)size)
		err(1, "reading");
	stream_put(writer, size);
}

static void send_large(struct stream_writer *writer, int fd, off_t size)
{
	must(stream_flush(writer), "sending");
	for (off_t offset = 0; offset < size;) {
		ssize_t n = pread(fd, writer->buffer, STREAM_BUFFER_SIZE, offset);

		if (n <= 0)
			err(1, "reading");
		stream_put_pages(writer, (size_t)n, fd, offset);
		must(stream_flush(writer), "sending");
		offset += n;
	}
}

static void send_file(struct stream_writer *writer, int fd, const char *name,
		      const struct stat *status)
{
	put_header(writer, KIND_FILE, name, status);
	if (status->st_size >= (off_t)LARGE)
		send_large(writer, fd, status->st_size);
	else if (status->st_size > 0)
		send_small(writer, fd, (size_t)status->st_size);
	close(fd);
}

static void send_entry(struct stream_writer *writer, int dir, const char *name);

static void send_directory(struct stream_writer *writer, int fd, const char *name)
{
	DIR *list = directory_read(fd);
	const struct dirent *entry;

	put_header(writer, KIND_DIRECTORY, name, NULL);
	while (list && (entry = readdir(list))) {
		if (!is_dot_or_dot_dot(entry->d_name))
			send_entry(writer, fd, entry->d_name);
	}
	if (!list)
		err(1, "%s", name);
	closedir(list);
	put_header(writer, KIND_UP, "", NULL);
}

/* A link is left out. */
static void send_entry(struct stream_writer *writer, int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 && errno == ELOOP)
		return;
	if (fd < 0 || fstat(fd, &status) < 0)
		err(1, "%s", name);
	if (S_ISDIR(status.st_mode))
		send_directory(writer, fd, name);
	else
		send_file(writer, fd, name, &status);
}

static void send_all(const char *name)
{
	struct stream_writer writer;

	stream_widen_pipe(STDOUT_FILENO);
	must(stream_writer_open(&writer, -1, STDOUT_FILENO, -1), "sending");
	send_entry(&writer, AT_FDCWD, name);
	put_header(&writer, KIND_END, "", NULL);
	must(stream_flush(&writer), "sending");
	put(&writer, &writer.crc, sizeof(writer.crc));
	must(stream_flush(&writer), "sending");
	stream_writer_close(&writer);
}

/* ---- Receiving ---- */

static void take(struct stream_reader *reader, void *bytes, size_t size)
{
	const unsigned char *there;

	must(stream_peek(reader, size, &there), "receiving");
	memcpy(bytes, there, size);
	stream_take(reader, size);
}

/* Write what is there, up to `left` bytes. Returns how many. */
static uint64_t write_some(struct stream_reader *reader, int fd, uint64_t offset, uint64_t left)
{
	const unsigned char *bytes;
	ssize_t n = left <= STREAM_BUFFER_SIZE ? stream_peek(reader, (size_t)left, &bytes)
					       : stream_peek_pages(reader, offset, &bytes);

	must(n, "receiving");
	if ((uint64_t)n > left)
		n = (ssize_t)left;
	must(stream_write_full(fd, bytes, (size_t)n), "writing");
	stream_take(reader, (size_t)n);
	return (uint64_t)n;
}

static void receive_file(struct stream_reader *reader, int dir, const char *name,
			 const struct header *header)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", name);
	for (uint64_t done = 0; done < header->size;)
		done += write_some(reader, fd, done, header->size - done);
	if (futimens(fd, header->times) < 0)
		err(1, "%s", name);
	close(fd);
}

static int enter(int dir, const char *name)
{
	int fd = mkdirat(dir, name, 0755) < 0
			 ? -1
			 : openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void receive_entries(struct stream_reader *reader, const char *directory)
{
	int dirs[DEPTH_MAX] = {open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	struct header header;
	size_t depth = 0;

	for (;;) {
		char name[NAME_MAX + 1];

		take(reader, &header, sizeof(header));
		if (header.name_size > NAME_MAX || depth == DEPTH_MAX - 1)
			errx(1, "too long a name, or too deep");
		take(reader, name, header.name_size);
		name[header.name_size] = '\0';
		if (header.kind == KIND_END)
			break;
		if (header.kind == KIND_UP)
			close(dirs[depth--]);
		else if (header.kind == KIND_DIRECTORY)
			dirs[depth + 1] = enter(dirs[depth], name), depth++;
		else
			receive_file(reader, dirs[depth], name, &header);
	}
}

static void receive_all(const char *directory)
{
	struct stream_reader reader;
	uint32_t crc, sent;

	must(stream_reader_open(&reader, STDIN_FILENO), "receiving");
	receive_entries(&reader, directory);
	crc = stream_reader_crc(&reader);
	take(&reader, &sent, sizeof(sent));
	if (crc != sent)
		errx(1, "the checksum is wrong");
	stream_reader_close(&reader);
}

int main(int argc, char *argv[])
{
	if (argc != 3)
		errx(2, "usage: bare send NAME | bare receive DIRECTORY");
	if (strcmp(argv[1], "send") == 0)
		send_all(argv[2]);
	else
		receive_all(argv[2]);
}
