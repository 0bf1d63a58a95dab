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
	unsigned char bytes[BATCH_BYTES]; /* their contents, and the names of their entries */
};

struct writer {
	struct batch batches[2];
	_Atomic uint32_t given, written;
	/* What follows is the thread's, as long as it has not done all that was given. */
	uint64_t end; /* as for piece_write() */
	bool unsynced;
	char untrusted_last[QFILE_NAME_MAX]; /* the entry that failed first, if `result` < 0 */
	_Atomic int result;
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

/* ---- The thread ---- */

static int write_and_close(struct writer *writer, const struct piece *piece)
{
	int r = piece_write(piece, &writer->end);

	if (!piece->last)
		return r;
	if (r == 0)
		return disk_end(piece->fd, piece->sync, &writer->unsynced);
	close(piece->fd);
	return r;
}

static void take_piece(struct writer *writer, const struct piece *piece)
{
	int r;

	if (atomic_load_explicit(&writer->result, memory_order_relaxed) < 0) {
		if (piece->last)
			close(piece->fd);
		return;
	}
	r = write_and_close(writer, piece);
	if (r < 0) {
		strcpy(writer->untrusted_last, piece->untrusted_name);
		atomic_store_explicit(&writer->result, r, memory_order_release);
	}
}

static void take_batch(struct writer *writer, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		take_piece(writer, &batch->pieces[i]);
	batch->count = batch->used = 0;
	add_one(&writer->written);
}

static void *run(void *argument)
{
	struct writer *writer = argument;

	for (uint32_t taken = 0;; taken++) {
		wait_beyond(&writer->given, taken);
		take_batch(writer, &writer->batches[taken % 2]);
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

static int result(const struct writer *writer)
{
	return atomic_load_explicit(&writer->result, memory_order_acquire);
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
		give(writer);
		batch = filling(writer);
	}
	if (result(writer) < 0)
		return result(writer);
	kept = &batch->pieces[batch->count++];
	*kept = *piece;
	kept->bytes = keep(batch, piece->bytes, piece->size);
	kept->untrusted_name = keep(batch, piece->untrusted_name, name_size);
	return 0;
}

void writer_hand_over(struct writer *writer)
{
	if (filling(writer)->count > 0)
		give(writer);
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

	*unsynced |= writer->unsynced;
	if (r < 0)
		strcpy(last, writer->untrusted_last);
	return r;
}
