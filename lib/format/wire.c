/*
 * The Filecopy format's headers and results: bytes to structs and back. Pure; qfile(5) describes
 * the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/bytes.h"

#include <errno.h>
#include <qfile.h>
#include <string.h>
#include <sys/stat.h>

#define NSEC_PER_SEC 1000000000u

void qfile_header_encode(const struct qfile_header *header, unsigned char bytes[QFILE_HEADER_SIZE])
{
	put32(bytes, header->namelen);
	put32(bytes + 4, header->mode);
	put64(bytes + 8, header->filelen);
	put32(bytes + 16, header->atime);
	put32(bytes + 20, header->atime_nsec);
	put32(bytes + 24, header->mtime);
	put32(bytes + 28, header->mtime_nsec);
}

/* May an entry of this type announce this many bytes of data? */
static bool length_ok(uint32_t type, uint64_t untrusted_filelen)
{
	switch (type) {
	case S_IFREG:
		return untrusted_filelen <= INT64_MAX;
	case S_IFLNK:
		return untrusted_filelen >= 1 && untrusted_filelen <= QFILE_NAME_MAX;
	case S_IFDIR:
		return untrusted_filelen == 0;
	default:
		return false;
	}
}

int qfile_header_decode(const unsigned char untrusted_bytes[QFILE_HEADER_SIZE],
			struct qfile_header *header)
{
	uint32_t untrusted_namelen = get32(untrusted_bytes);
	uint32_t untrusted_mode = get32(untrusted_bytes + 4);
	uint64_t untrusted_filelen = get64(untrusted_bytes + 8);
	uint32_t untrusted_atime_nsec = get32(untrusted_bytes + 20);
	uint32_t untrusted_mtime_nsec = get32(untrusted_bytes + 28);
	uint32_t type = untrusted_mode & S_IFMT;

	memset(header, 0, sizeof(*header));
	if (untrusted_namelen == 0)
		return 0; /* the end: its other fields mean nothing */
	/* One byte would be a NUL alone, an empty name. */
	if (untrusted_namelen < 2 || untrusted_namelen > QFILE_NAME_MAX)
		return -EINVAL;
	if (untrusted_mode & ~(uint32_t)(S_IFMT | 07777) || !length_ok(type, untrusted_filelen))
		return -EINVAL;
	if (untrusted_atime_nsec >= NSEC_PER_SEC || untrusted_mtime_nsec >= NSEC_PER_SEC)
		return -EINVAL;

	header->namelen = untrusted_namelen;
	header->mode = type | (untrusted_mode & 0777);
	header->filelen = untrusted_filelen;
	header->atime = get32(untrusted_bytes + 16); /* any second is a time */
	header->atime_nsec = untrusted_atime_nsec;
	header->mtime = get32(untrusted_bytes + 24);
	header->mtime_nsec = untrusted_mtime_nsec;
	return 0;
}

size_t qfile_result_encode(const struct qfile_result *result, unsigned char *bytes)
{
	put32(bytes, result->code);
	put32(bytes + 4, 0);
	put64(bytes + 8, result->crc);
	put32(bytes + QFILE_RESULT_SIZE, (uint32_t)result->namelen);
	memcpy(bytes + QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE, result->name,
	       result->namelen);
	return QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE + result->namelen;
}

/* No system has an errno of more than 4095. */
static uint32_t positive(uint32_t untrusted_code)
{
	return untrusted_code > UINT32_MAX - 4095 ? UINT32_MAX - untrusted_code + 1
						  : untrusted_code;
}

void qfile_result_decode(const unsigned char untrusted_bytes[QFILE_RESULT_SIZE],
			 struct qfile_result *result)
{
	result->code = positive(get32(untrusted_bytes));
	result->crc = get32(untrusted_bytes + 8); /* the format: the low 32 bits */
	result->namelen = 0;
}

int qfile_result_namelen_decode(const unsigned char untrusted_bytes[QFILE_RESULT_NAMELEN_SIZE],
				struct qfile_result *result)
{
	uint32_t untrusted_namelen = get32(untrusted_bytes);

	if (untrusted_namelen > QFILE_NAME_MAX)
		return -EINVAL;
	result->namelen = untrusted_namelen;
	return 0;
}
