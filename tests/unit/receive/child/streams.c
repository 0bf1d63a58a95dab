/*
 * Streams for tests of the parser, and what it makes of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "streams.h"

#include "unit.h"

#include "io/stream.h"
#include "receive/child/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct stream stream;

void put_bytes(const void *bytes, size_t size)
{
	stream.bytes = realloc(stream.bytes, stream.length + size + 1);
	ck_assert_ptr_nonnull(stream.bytes);
	memcpy(stream.bytes + stream.length, bytes, size);
	stream.length += size;
}

void put_header(const struct qfile_header *header)
{
	unsigned char bytes[QFILE_HEADER_SIZE];

	qfile_header_encode(header, bytes);
	put_bytes(bytes, sizeof(bytes));
}

void put_entry(uint32_t mode, const char *name, const void *data, size_t size)
{
	put_header(&(struct qfile_header){.namelen = (uint32_t)strlen(name) + 1,
					  .mode = mode,
					  .filelen = size,
					  .atime = 1000000001,
					  .atime_nsec = 5,
					  .mtime = 1000000002,
					  .mtime_nsec = 6});
	put_bytes(name, strlen(name) + 1);
	put_bytes(data, size);
}

void put_end(void)
{
	put_header(&(struct qfile_header){.namelen = 0});
}

void put_script(const char *script)
{
	char *words = strdup(script), *rest = words, *word;

	while ((word = strsep(&rest, " "))) {
		char *name = strchr(word, ':'), *target;
		uint32_t mode;

		if (*word == '.') {
			put_end();
			continue;
		}
		*name++ = '\0';
		mode = (uint32_t)strtoul(word + 1, NULL, 8);
		switch (*word) {
		case 'd':
			put_entry(S_IFDIR | (word[1] ? mode : 0755), name, "", 0);
			break;
		case 'f':
			put_entry(S_IFREG | (word[1] ? mode : 0644), name, name, strlen(name));
			break;
		default:
			target = strchr(name, ':');
			*target++ = '\0';
			put_entry(S_IFLNK | 0777, name, target, strlen(target));
		}
	}
	free(words);
}

struct qfile_received received;
char last[QFILE_NAME_MAX];
struct unpack_options options = {.report = -1, .limits = {UINT64_MAX, UINT64_MAX}};

void start_writer(void)
{
	options.writer = writer_start();
	ck_assert_ptr_nonnull(options.writer);
}

int unpack_pieces(size_t piece)
{
	int r;

	make_dir("root");
	options.root = open_dir("root");
	options.in = feed(stream.bytes, stream.length, piece);
	r = unpack(&options, &received, last);
	close(options.root);
	close(options.in);
	return r;
}

int unpack_stream(void)
{
	return unpack_pieces(65536);
}

void open_stream(void)
{
	MUST(options.in = memfd_create("stream", MFD_CLOEXEC));
	ck_assert_int_eq(write(options.in, stream.bytes, stream.length), (ssize_t)stream.length);
	MUST(lseek(options.in, 0, SEEK_SET));
}

void begin_in_root(void)
{
	make_dir("root");
	options.root = open_dir("root");
	open_stream();
}

void check_file(const char *path, const unsigned char *expected, size_t size)
{
	unsigned char *got = malloc(size + 1);
	int fd = open(path, O_RDONLY);

	MUST(fd);
	ck_assert_int_eq(stream_read_full(fd, got, size + 1), (ssize_t)size);
	ck_assert_mem_eq(got, expected, size);
	close(fd);
	free(got);
}
