/*
 * The digest of a content, by which two contents are told apart. The CRC-32 of the format does not
 * do: it is the same for whatever has its own CRC-32 behind it, as the files of many programs do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DIGEST_H
#define DIGEST_H
#include <stddef.h>
#include <stdint.h>

/* The library's code is compiled in: that of a shared one might have states of another size. */
#define XXH_INLINE_ALL
#include <xxhash.h>

/* The digest of what has come so far. */
struct digest {
	XXH64_state_t state;
};

static inline void digest_begin(struct digest *digest)
{
	XXH64_reset(&digest->state, 0);
}

static inline void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	XXH64_update(&digest->state, bytes, size);
}

static inline uint64_t digest_value(const struct digest *digest)
{
	return XXH64_digest(&digest->state);
}

#endif
