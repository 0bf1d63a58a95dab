/*
 * The writer: a thread of the confined child that writes and closes files. Meanwhile the parser
 * makes the next ones, which costs the kernel about as much.
 *
 * Pieces are handed over in batches. There are two: one is filled while the other is written. If
 * one is full before the thread is done with the other, the parser writes it itself. So neither
 * waits for the other, also where the kernel lets both run on one processor beside an idle one, and
 * each does as much as it has time for. What the thread works on is its own: the bytes are copied,
 * and a file is closed by whoever wrote it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WRITER_H
#define WRITER_H
#include "receive/child/piece.h"

/* The pieces of a batch. Each may hold a file open: two batches must leave enough for the parser.
 */
#define WRITER_BATCH 12

struct writer;

/*
 * Start it: it runs until the process ends. When this returns, the thread needs no system calls any
 * more but those of unpacking and futex(2). NULL: there can be none.
 */
struct writer *writer_start(void);

/*
 * Hand over a piece. The pieces of a file come one after the other; when the last one has been
 * taken, its descriptor belongs to the writer. Returns 0, or what failed of a piece before: as
 * piece_write(), or a negative errno of fsync() and close(). Then this one was not taken.
 */
int writer_put(struct writer *writer, const struct piece *piece);

/*
 * Nothing more comes for now: have all that was put written, here if it can be. What fails is
 * returned by the next writer_put().
 */
void writer_flush(struct writer *writer);

/* Wait until nothing is left to do. Returns 0, or as writer_put(). */
int writer_wait(struct writer *writer);

/*
 * The same: `last` becomes the name of the entry that failed first. *unsynced becomes true if a
 * file could not be synced here.
 */
int writer_finish(struct writer *writer, char *last, bool *unsynced);

#endif
