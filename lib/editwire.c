/*
 * The OpenInVM format's request and records: bytes to structs and back. Pure; qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bytes.h"

#include <errno.h>
#include <libdeflate.h>
#include <qfile.h>
#include <string.h>

/* Offsets in the request; those behind the name are version 2's. */
enum { MARK = QFILE_EDIT_NAME_SIZE, LENGTH = 240, FLAGS = 248, CRC = 252 };

#define FLAG_VIEW_ONLY 1u

static const unsigned char mark[QFILE_EDIT_MARK_SIZE] = "PedOSv2";

static const char view_only[] = "view-only-";
#define VIEW_ONLY_LENGTH (sizeof(view_only) - 1)

/* The longest end of `name` that has no more than `room` bytes, and does not begin within a character. */
static const char *end_of(const char *name, size_t room)
{
	size_t length = strlen(name);

	if (length <= room)
		return name;
	name += length - room;
	/* What has more continuation bytes than a character is no UTF-8, and can be cut anywhere. */
	for (int i = 0; i < 3 && ((unsigned char)*name & 0xC0) == 0x80; i++)
		name++;
	return name;
}

void qfile_edit_request_encode(const struct qfile_edit_request *request, unsigned char bytes[QFILE_EDIT_REQUEST_SIZE])
{
	size_t prefix = request->view_only ? VIEW_ONLY_LENGTH : 0;
	const char *name = end_of(request->name, QFILE_EDIT_NAME_SIZE - 1 - prefix);

	memset(bytes, 0, QFILE_EDIT_REQUEST_SIZE);
	memcpy(bytes, view_only, prefix);
	memcpy(bytes + prefix, name, strlen(name));
	memcpy(bytes + MARK, mark, sizeof(mark));
	put64(bytes + LENGTH, request->length);
	put32(bytes + FLAGS, request->view_only ? FLAG_VIEW_ONLY : 0);
	put32(bytes + CRC, libdeflate_crc32(0, bytes, CRC));
}

/* What version 2 has behind the name. */
static int decode_version2(const unsigned char untrusted_bytes[QFILE_EDIT_REQUEST_SIZE], struct qfile_edit_request *request)
{
	uint64_t untrusted_length = get64(untrusted_bytes + LENGTH);
	uint32_t untrusted_flags = get32(untrusted_bytes + FLAGS);

	if (get32(untrusted_bytes + CRC) != libdeflate_crc32(0, untrusted_bytes, CRC))
		return -EINVAL;
	if (untrusted_flags & ~FLAG_VIEW_ONLY || untrusted_length > INT64_MAX)
		return -EINVAL;
	request->records = true;
	request->view_only = untrusted_flags & FLAG_VIEW_ONLY;
	request->length = untrusted_length;
	return 0;
}

int qfile_edit_request_decode(const unsigned char untrusted_bytes[QFILE_EDIT_REQUEST_SIZE], struct qfile_edit_request *request)
{
	bool version2 = memcmp(untrusted_bytes + MARK, mark, sizeof(mark)) == 0;
	size_t room = version2 ? QFILE_EDIT_NAME_SIZE : QFILE_EDIT_REQUEST_SIZE;
	const unsigned char *nul = memchr(untrusted_bytes, '\0', room), *name = untrusted_bytes;
	bool prefixed;
	int r;

	memset(request, 0, sizeof(*request));
	if (!nul)
		return -EINVAL;
	prefixed = (size_t)(nul - name) >= VIEW_ONLY_LENGTH && memcmp(name, view_only, VIEW_ONLY_LENGTH) == 0;
	request->view_only = prefixed;
	if (version2) {
		r = decode_version2(untrusted_bytes, request);
		if (r < 0)
			return r;
	}
	/* A file whose own name begins so may well be edited. */
	if (prefixed && request->view_only)
		name += VIEW_ONLY_LENGTH;
	if (name == nul)
		return -EINVAL;
	memcpy(request->name, name, (size_t)(nul - name) + 1);
	return 0;
}

void qfile_edit_record_encode(const struct qfile_edit_record *record, unsigned char bytes[QFILE_EDIT_RECORD_SIZE])
{
	memcpy(bytes, mark, sizeof(mark));
	put32(bytes + 8, record->kind);
	put32(bytes + 12, record->code);
	put64(bytes + 16, record->length);
}

bool qfile_edit_is_record(const unsigned char untrusted_bytes[QFILE_EDIT_MARK_SIZE])
{
	return memcmp(untrusted_bytes, mark, sizeof(mark)) == 0;
}

int qfile_edit_record_decode(const unsigned char untrusted_bytes[QFILE_EDIT_RECORD_SIZE], struct qfile_edit_record *record)
{
	uint32_t untrusted_kind = get32(untrusted_bytes + 8);
	uint64_t untrusted_length = get64(untrusted_bytes + 16);
	uint64_t most = untrusted_kind == QFILE_EDIT_SAVE ? INT64_MAX : QFILE_EDIT_MESSAGE_MAX;

	memset(record, 0, sizeof(*record));
	if (!qfile_edit_is_record(untrusted_bytes) || untrusted_length > most)
		return -EINVAL;
	if (untrusted_kind != QFILE_EDIT_SAVE && untrusted_kind != QFILE_EDIT_DONE)
		return -EINVAL;
	record->kind = (enum qfile_edit_kind)untrusted_kind;
	record->code = record->kind == QFILE_EDIT_DONE ? get32(untrusted_bytes + 12) : 0;
	record->length = untrusted_length;
	return 0;
}

void qfile_edit_crc_encode(uint32_t crc, unsigned char bytes[QFILE_EDIT_CRC_SIZE])
{
	put32(bytes, crc);
}

uint32_t qfile_edit_crc_decode(const unsigned char bytes[QFILE_EDIT_CRC_SIZE])
{
	return get32(bytes);
}
