/*
 * The writer: a thread of the confined child that writes and closes files.
 *
 * Two counters, each changed by one side only, say which batches are whose: the parser has handed
 * over `given` of them, and the writer is done with `written`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/writer.h"

#include "io/stream.h"
#include "io/thread.h"
#include "receive/child/disk.h"

#include <linux/futex.h>
#include <qfile.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A piece is at most what the stream's buffer holds. */
#define BATCH_BYTES (STREAM_BUFFER_SIZE + QFILE_NAME_MAX)

struct batch {
	struct piece pieces[WRITER_BATCH];
	size_t count, used;
	bool parts;                       /* of files whose other pieces are in other batches */
	unsigned char bytes[BATCH_BYTES]; /* their contents, and the names of their entries */
};

/* What came of the pieces that one of the two has written. */
struct outcome {
	uint64_t end; /* as for piece_write() */
	bool unsynced;
	char untrusted_last[QFILE_NAME_MAX]; /* the entry that failed first, if `result` < 0 */
	_Atomic int result;
};

struct writer {
	struct batch batches[2];
	_Atomic uint32_t given, written;
	/* The first one is the thread's, as long as it has not done all that was given. */
	struct outcome by_thread, by_parser;
};

/* ---- Waiting for the other side ---- */

static void add_one(_Atomic uint32_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_release);
	syscall(SYS_futex, counter, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_beyond(_Atomic uint32_t *counter, uint32_t value)
{
	while (atomic_load_explicit(counter, memory_order_acquire) == value)
		syscall(SYS_futex, counter, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* ---- Writing ---- */

static int write_and_close(struct outcome *outcome, const struct piece *piece)
{
	int r = piece_write(piece, &outcome->end);

	if (!piece->last)
		return r;
	if (r == 0)
		return disk_end(piece->fd, piece->sync, &outcome->unsynced);
	close(piece->fd);
	return r;
}

static void write_piece(struct outcome *outcome, const struct piece *piece)
{
	int r;

	if (atomic_load_explicit(&outcome->result, memory_order_relaxed) < 0) {
		if (piece->last)
			close(piece->fd);
		return;
	}
	r = write_and_close(outcome, piece);
	if (r < 0) {
		strcpy(outcome->untrusted_last, piece->untrusted_name);
		atomic_store_explicit(&outcome->result, r, memory_order_release);
	}
}

static void write_batch(struct outcome *outcome, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		write_piece(outcome, &batch->pieces[i]);
	batch->count = batch->used = 0;
	batch->parts = false;
}

/* ---- The thread ---- */

static void *run(void *argument)
{
	struct writer *writer = argument;

	for (uint32_t taken = 0;; taken++) {
		wait_beyond(&writer->given, taken);
		write_batch(&writer->by_thread, &writer->batches[taken % 2]);
		add_one(&writer->written);
	}
	return NULL;
}

struct writer *writer_start(void)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	if (!writer || !thread_start(run, writer)) {
		free(writer);
		return NULL;
	}
	/* An empty batch: the thread has begun when it is done. */
	add_one(&writer->given);
	wait_beyond(&writer->written, 0);
	return writer;
}

/* ---- The parser's side ---- */

static uint32_t given(const struct writer *writer)
{
	return atomic_load_explicit(&writer->given, memory_order_relaxed);
}

/* Of both. What the thread has came before what the parser writes meanwhile. */
static const struct outcome *first_failed(const struct writer *writer)
{
	return atomic_load_explicit(&writer->by_thread.result, memory_order_acquire) < 0
		       ? &writer->by_thread
		       : &writer->by_parser;
}

static int result(const struct writer *writer)
{
	return atomic_load_explicit(&first_failed(writer)->result, memory_order_relaxed);
}

/* The batch that is being filled. */
static struct batch *filling(struct writer *writer)
{
	return &writer->batches[given(writer) % 2];
}

/* Hand it over, and wait until the other one can be filled. */
static void give(struct writer *writer)
{
	add_one(&writer->given);
	wait_beyond(&writer->written, given(writer) - 2);
}

static bool is_busy(const struct writer *writer)
{
	return atomic_load_explicit(&writer->written, memory_order_acquire) != given(writer);
}

/* Files that are whole can be written by anybody; the other ones, in their order, by the thread. */
static void write_or_give(struct writer *writer, bool here)
{
	if (here && !filling(writer)->parts)
		write_batch(&writer->by_parser, filling(writer));
	else
		give(writer);
}

static void *keep(struct batch *batch, const void *bytes, size_t size)
{
	void *kept = batch->bytes + batch->used;

	if (size > 0)
		memcpy(kept, bytes, size);
	batch->used += size;
	return kept;
}

int writer_put(struct writer *writer, const struct piece *piece)
{
	size_t name_size = strlen(piece->untrusted_name) + 1;
	struct batch *batch = filling(writer);
	struct piece *kept;

	if (batch->count == WRITER_BATCH || piece->size + name_size > BATCH_BYTES - batch->used) {
		write_or_give(writer, is_busy(writer));
		batch = filling(writer);
	}
	if (result(writer) < 0)
		return result(writer);
	batch->parts |= piece->offset > 0 || !piece->last;
	kept = &batch->pieces[batch->count++];
	*kept = *piece;
	kept->bytes = keep(batch, piece->bytes, piece->size);
	kept->untrusted_name = keep(batch, piece->untrusted_name, name_size);
	return 0;
}

void writer_flush(struct writer *writer)
{
	if (filling(writer)->count > 0)
		write_or_give(writer, true);
}

int writer_wait(struct writer *writer)
{
	give(writer);
	wait_beyond(&writer->written, given(writer) - 1);
	return result(writer);
}

int writer_finish(struct writer *writer, char *last, bool *unsynced)
{
	int r = writer_wait(writer);

	*unsynced |= writer->by_thread.unsynced || writer->by_parser.unsynced;
	if (r < 0)
		strcpy(last, first_failed(writer)->untrusted_last);
	return r;
}
