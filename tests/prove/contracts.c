/*
 * Do libutf8proc and libdeflate keep the contracts of utf8proc.h and libdeflate.h? For libutf8proc
 * this tries every character, and every sequence of bytes that makes a difference; for libdeflate
 * every length up to that of a request, at the beginning and at the end of readable memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utf8proc.h>

static unsigned char *begin, *fence; /* bytes before `begin`, and from `fence` on, cannot be read */

static int iterate_ok(const unsigned char *bytes, int length)
{
	utf8proc_int32_t character = INT_MIN;
	utf8proc_ssize_t n;

	memcpy(fence - length, bytes, (size_t)length);
	n = utf8proc_iterate(fence - length, length, &character);
	return n <= length && n <= 4 && character >= -1 && character <= 0x10FFFF;
}

static int character_ok(utf8proc_int32_t character)
{
	int category = (int)utf8proc_category(character), columns = utf8proc_charwidth(character);

	return category >= UTF8PROC_CATEGORY_CN && category <= UTF8PROC_CATEGORY_CO &&
	       columns >= 0 && columns <= 2;
}

/* All sequences of 1 to 3 bytes; as a fourth byte, the borders between its meanings. */
static int sequences_ok(void)
{
	static const unsigned char borders[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
						 0xC0, 0xFF};

	for (unsigned i = 0; i < 1u << 24; i++) {
		unsigned char bytes[4] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8),
					  (unsigned char)i, 0};

		if (!iterate_ok(bytes, 1) || !iterate_ok(bytes, 2) || !iterate_ok(bytes, 3))
			return 0;
		for (size_t k = 0; bytes[0] >= 0xE0 && k < sizeof(borders); k++) {
			bytes[3] = borders[k];
			if (!iterate_ok(bytes, 4))
				return 0;
		}
	}
	return 1;
}

/* The same bytes in two places: what is beside them must make no difference. */
static int checksums_ok(void)
{
	for (size_t length = 1; length <= 256; length++) {
		for (size_t i = 0; i < length; i++)
			begin[i] = fence[i - length] = (unsigned char)(i + length);
		if (libdeflate_crc32(0, begin, length) !=
		    libdeflate_crc32(0, fence - length, length))
			return 0;
	}
	return 1;
}

int main(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_READ | PROT_WRITE) < 0)
		return 1;
	begin = pages + page;
	fence = begin + page;
	for (utf8proc_int32_t character = -1; character <= 0x110001; character++) {
		if (!character_ok(character)) {
			fprintf(stderr, "contracts: character %x\n", (unsigned)character);
			return 1;
		}
	}
	if (!character_ok(INT_MIN) || !character_ok(INT_MAX) || !sequences_ok()) {
		fprintf(stderr,
			"contracts: a sequence of bytes, or a number far from any character\n");
		return 1;
	}
	if (!checksums_ok()) {
		fprintf(stderr, "contracts: a checksum\n");
		return 1;
	}
	return 0;
}
