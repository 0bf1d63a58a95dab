/*
 * The two rings of a libxenvchan: how full they are, and moving bytes between a pipe and one of
 * them with a single copy, which the kernel makes. The layout and the rules are those of Xen's
 * public header xen/io/libxenvchan.h.
 *
 * The other guest may write anything to the memory that is shared, at any time. So each index is
 * read once, and nothing is done outside of a ring whatever it says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_RING_H
#define RPC_RING_H
#include <sys/types.h>

struct libxenvchan; /* its header may be included once only */

/*
 * How many bytes can be read, or written. 0, too, where the indices are impossible, as libxenvchan
 * has it: anything else would make us try for ever.
 */
size_t ring_readable(const struct libxenvchan *chan);
size_t ring_writable(const struct libxenvchan *chan);

/* Read up to `size` bytes, as many as there are. */
size_t ring_read(struct libxenvchan *chan, void *buffer, size_t size);

/*
 * Move up to `size` bytes from a pipe, which must not block, into the ring that is written, or from
 * the ring that is read into a pipe, up to the end of the ring's memory; what wraps around takes
 * another call. The other end is notified if it asked for that and, where it waits for
 * room, if half of the ring is free: so it has not to be woken for every few bytes. 0: the pipe or
 * the ring does not allow it now. Otherwise the negative errno of the pipe.
 */
ssize_t ring_from_pipe(struct libxenvchan *chan, int pipe, size_t size);
ssize_t ring_to_pipe(struct libxenvchan *chan, int pipe, size_t size);

#endif
