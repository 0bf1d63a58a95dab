/*
 * Headers and results: bytes to structs and back.
 *
 * The input is a header, then a result; each is taken for both.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"

#include <qfile.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* What qfile(5) lets a header say. */
static void check_bounds(const struct qfile_header *header)
{
	uint32_t type = header->mode & S_IFMT;

	CHECK(header->namelen >= 2 && header->namelen <= QFILE_NAME_MAX);
	CHECK(type == S_IFREG || type == S_IFDIR || type == S_IFLNK);
	CHECK((header->mode & ~(uint32_t)S_IFMT) <= 0777);
	CHECK(header->atime_nsec < 1000000000 && header->mtime_nsec < 1000000000);
	CHECK(type != S_IFDIR || header->filelen == 0);
	CHECK(type != S_IFLNK || (header->filelen > 0 && header->filelen <= QFILE_NAME_MAX));
	CHECK(type != S_IFREG || header->filelen <= INT64_MAX);
}

/*
 * A header that was accepted comes back as it was, but for the bits of the mode that are dropped.
 */
static void check_header(const unsigned char *exact)
{
	unsigned char encoded[QFILE_HEADER_SIZE], expected[QFILE_HEADER_SIZE] = {0};
	struct qfile_header header, again;

	memset(&header, 0xa5, sizeof(header));
	if (qfile_header_decode(exact, &header) < 0)
		return;
	qfile_header_encode(&header, encoded);
	CHECK(qfile_header_decode(encoded, &again) == 0);
	CHECK(memcmp(&header, &again, sizeof(header)) == 0);
	if (header.namelen > 0) {
		check_bounds(&header);
		memcpy(expected, exact, sizeof(expected));
		expected[5] &= 0xf1; /* 07000 of the mode */
	}
	CHECK(memcmp(encoded, expected, sizeof(encoded)) == 0);
}

static void check_result(const unsigned char *exact, size_t size)
{
	static const unsigned char padding[4];
	static unsigned char
		encoded[QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE + QFILE_NAME_MAX];
	static struct qfile_result result, again;
	const size_t fixed = QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE;

	qfile_result_decode(exact, &result);
	CHECK(result.namelen == 0);
	CHECK(qfile_result_encode(&result, encoded) == fixed);
	/* A small negative number is an old receiver's errno, and becomes positive. */
	CHECK(memcmp(encoded, exact, 4) == 0 || result.code <= 4095);
	CHECK(memcmp(encoded + 4, padding, 4) == 0);
	CHECK(memcmp(encoded + 8, exact + 8, 4) == 0 && memcmp(encoded + 12, padding, 4) == 0);
	if (qfile_result_namelen_decode(exact + QFILE_RESULT_SIZE, &result) < 0)
		return;
	CHECK(result.namelen <= QFILE_NAME_MAX);
	if (result.namelen > size - fixed)
		return;
	memcpy(result.name, exact + fixed, result.namelen);
	CHECK(qfile_result_encode(&result, encoded) == fixed + result.namelen);
	CHECK(memcmp(encoded + QFILE_RESULT_SIZE, exact + QFILE_RESULT_SIZE,
		     QFILE_RESULT_NAMELEN_SIZE + result.namelen) == 0);
	qfile_result_decode(encoded, &again);
	CHECK(qfile_result_namelen_decode(encoded + QFILE_RESULT_SIZE, &again) == 0);
	CHECK(again.code == result.code && again.crc == result.crc &&
	      again.namelen == result.namelen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *exact;

	if (size >= QFILE_HEADER_SIZE) {
		exact = fuzz_exact_copy(data, QFILE_HEADER_SIZE);
		check_header(exact);
		free(exact);
	}
	if (size >= QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE) {
		exact = fuzz_exact_copy(data, size);
		check_result(exact, size);
		free(exact);
	}
	return 0;
}
