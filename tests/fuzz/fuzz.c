/*
 * What the fuzz targets share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define DESCRIPTORS 256 /* more than any target has open */

void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s (last error: %s)\n", file, line, what, strerror(errno));
	abort();
}

/*
 * Read by the sanitizers when they start. What was freed need not be remembered for long: a target
 * allocates little at a time.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:allocator_release_to_os_interval_ms=-1:malloc_context_size=8";
}

unsigned fuzz_open_descriptors(void)
{
	struct pollfd pollfds[DESCRIPTORS];
	unsigned count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		pollfds[fd] = (struct pollfd){.fd = fd};
	MUST(poll(pollfds, DESCRIPTORS, 0)); /* one call tells of all */
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += !(pollfds[fd].revents & POLLNVAL);
	return count;
}

void *fuzz_exact_buffer(size_t size)
{
	void *buffer = malloc(size);

	if (!buffer)
		fuzz_fail("malloc", __FILE__, __LINE__);
	return buffer;
}

void *fuzz_exact_copy(const void *bytes, size_t size)
{
	return memcpy(fuzz_exact_buffer(size), bytes, size);
}

/*
 * The character at `text`, its length in *bytes; -1 where it is not well-formed: cut off, overlong,
 * a surrogate, too large.
 */
static int32_t decode(const unsigned char *text, size_t length, size_t *bytes)
{
	static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	int32_t character = text[0];

	*bytes = character < 0x80       ? 1
		 : character >> 5 == 6  ? 2
		 : character >> 4 == 14 ? 3
		 : character >> 3 == 30 ? 4
					: 0;
	if (*bytes == 0 || *bytes > length)
		return -1;
	if (*bytes > 1)
		character &= 0x7f >> *bytes;
	for (size_t i = 1; i < *bytes; i++) {
		if (text[i] >> 6 != 2)
			return -1;
		character = character << 6 | (text[i] & 0x3f);
	}
	return character < smallest[*bytes] || character > 0x10ffff ||
			       (character >= 0xd800 && character < 0xe000)
		       ? -1
		       : character;
}

int fuzz_is_clean_text(const char *text, size_t length)
{
	size_t bytes;

	for (size_t i = 0; i < length; i += bytes) {
		int32_t c = decode((const unsigned char *)text + i, length - i, &bytes);

		if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e ||
		    c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
		    c == 0xfeff)
			return 0;
	}
	return 1;
}
