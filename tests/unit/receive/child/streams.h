/*
 * Streams for tests of the parser, and what it makes of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STREAMS_H
#define STREAMS_H
#include "receive/child/unpack.h"

#include <stddef.h>
#include <stdint.h>

/* What is sent. One test is one process: it begins empty. */
extern struct stream {
	unsigned char *bytes;
	size_t length;
} stream;

void put_bytes(const void *bytes, size_t size);
void put_header(const struct qfile_header *header);
/* A whole entry: its header, its name and its content or target. */
void put_entry(uint32_t mode, const char *name, const void *data, size_t size);
void put_end(void);
/*
 * Put what a script says: words "d:NAME", "f:NAME", "l:NAME:TARGET", ".", each an entry of mode
 * 0755, 0644, 0777 or the end. A mode may stand before the first colon: "d500:NAME". A file's
 * content is its name.
 */
void put_script(const char *script);

/* How it is unpacked, and what unpack() says of it. */
extern struct unpack_options options;
extern struct qfile_received received;
extern char last[QFILE_NAME_MAX];

/* As in the confined child: another thread writes what is not kept. */
void start_writer(void);

/* Unpack the stream, sent in pieces of `piece` bytes, into the new directory "root". */
int unpack_pieces(size_t piece);
int unpack_stream(void);

/*
 * The stream as a file, to be unpacked again and again: a process for each time that writes it to a
 * pipe would cost more than all the rest.
 */
void open_stream(void);
/* The same, and the new directory "root" to unpack it into. */
void begin_in_root(void);

/* The file has this content. */
void check_file(const char *path, const unsigned char *expected, size_t size);

#endif
