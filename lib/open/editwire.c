/*
 * The OpenInVM format's request and records: bytes to structs and back. Pure; qfile(5) describes
 * the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editwire.h"
#include "system/bytes.h"

#include <errno.h>
#include <libdeflate.h>
#include <qfile.h>
#include <string.h>

/* Offsets in a request of version 2. */
enum {
	MARK = EDIT_NAME_SIZE,
	LENGTH = 240,
	FLAGS = 248,
	CRC = 252
};

#define FLAG_VIEW_ONLY 1u
#define FLAG_BESIDE    2u

static const unsigned char mark[EDIT_MARK_SIZE] = "PedOSv2";

static const char view_only[] = "view-only-";
#define VIEW_ONLY_LENGTH ((ptrdiff_t)sizeof(view_only) - 1)

#define CONTINUATIONS_MAX 3 /* bytes of a UTF-8 character after its first */

/*
 * Returns where the longest end of a name begins that has at most `room` bytes and does not begin
 * inside a character.
 */
static const char *end_of(const char *name, const char *end, ptrdiff_t room)
{
	if (end - name <= room)
		return name;
	name = end - room;
	/*
	 * A name with more continuation bytes in a row is not UTF-8, and can be cut anywhere.
	 */
	for (int i = 0; i < CONTINUATIONS_MAX && ((unsigned char)*name & 0xC0) == 0x80; i++)
		name++;
	return name;
}

void edit_request_encode(const struct edit_request *request, unsigned char bytes[EDIT_REQUEST_SIZE])
{
	const ptrdiff_t prefix = request->view_only ? VIEW_ONLY_LENGTH : 0;
	const size_t length = strlen(request->name);
	const char *name, *end;

	/* This makes the prover look at each length by itself. */
	//@ split length;
	end = request->name + length;
	name = end_of(request->name, end, EDIT_NAME_SIZE - 1 - prefix);
	memset(bytes, 0, EDIT_REQUEST_SIZE);
	memcpy(bytes, view_only, (size_t)prefix);
	memcpy(bytes + prefix, name, (size_t)(end - name));
	memcpy(bytes + MARK, mark, sizeof(mark));
	put64(bytes + LENGTH, request->length);
	put32(bytes + FLAGS,
	      (request->view_only ? FLAG_VIEW_ONLY : 0) | (request->beside ? FLAG_BESIDE : 0));
	put32(bytes + CRC, libdeflate_crc32(0, bytes, CRC));
}

/* Decode what version 2 has after the name. */
static int decode_version2(const unsigned char untrusted_bytes[EDIT_REQUEST_SIZE],
			   struct edit_request *request)
{
	uint64_t untrusted_length = get64(untrusted_bytes + LENGTH);
	uint32_t untrusted_flags = get32(untrusted_bytes + FLAGS);

	if (get32(untrusted_bytes + CRC) != libdeflate_crc32(0, untrusted_bytes, CRC))
		return -EINVAL;
	if (untrusted_flags & ~(FLAG_VIEW_ONLY | FLAG_BESIDE) || untrusted_length > INT64_MAX)
		return -EINVAL;
	request->records = true;
	request->view_only = untrusted_flags & FLAG_VIEW_ONLY;
	request->beside = untrusted_flags & FLAG_BESIDE;
	request->length = untrusted_length;
	return 0;
}

/* Returns where the name begins after "view-only-", if it has that prefix. */
static const char *without_prefix(const char *untrusted_name, const char *end)
{
	const bool prefixed = end - untrusted_name >= VIEW_ONLY_LENGTH &&
			      memcmp(untrusted_name, view_only, VIEW_ONLY_LENGTH) == 0;

	return prefixed ? untrusted_name + VIEW_ONLY_LENGTH : untrusted_name;
}

static int decode_name(const char *untrusted_name, const char *end, struct edit_request *request)
{
	const char *rest = without_prefix(untrusted_name, end);

	if (!request->records)
		request->view_only = rest != untrusted_name;
	/* Without the flag of version 2 the prefix is a part of the file's own name. */
	if (request->view_only)
		untrusted_name = rest;
	if (untrusted_name == end)
		return -EINVAL;
	memcpy(request->name, untrusted_name, (size_t)(end - untrusted_name));
	return 0;
}

int edit_request_decode(const unsigned char untrusted_bytes[EDIT_REQUEST_SIZE],
			struct edit_request *request)
{
	const bool version2 = memcmp(untrusted_bytes + MARK, mark, sizeof(mark)) == 0;
	const size_t room = version2 ? EDIT_NAME_SIZE : EDIT_REQUEST_SIZE;
	const char *untrusted_name = (const char *)untrusted_bytes;
	const size_t length = strnlen(untrusted_name, room);
	int r = 0;

	memset(request, 0, sizeof(*request));
	if (version2)
		r = decode_version2(untrusted_bytes, request);
	if (r < 0)
		return r;
	if (length == room)
		return -EINVAL;
	//@ split length;
	return decode_name(untrusted_name, untrusted_name + length, request);
}

void edit_record_encode(const struct edit_record *record, unsigned char bytes[EDIT_RECORD_SIZE])
{
	memcpy(bytes, mark, sizeof(mark));
	put32(bytes + 8, record->kind);
	put32(bytes + 12, record->code);
	put64(bytes + 16, record->length);
}

bool edit_is_record(const unsigned char untrusted_bytes[EDIT_MARK_SIZE])
{
	return memcmp(untrusted_bytes, mark, sizeof(mark)) == 0;
}

/* May a record of this kind announce this many bytes of payload? */
static bool length_ok(uint32_t untrusted_kind, uint64_t untrusted_length)
{
	switch (untrusted_kind) {
	case EDIT_SAVE:
		return untrusted_length <= INT64_MAX;
	case EDIT_BESIDE:
		return untrusted_length >= EDIT_BESIDE_NAME_SIZE && untrusted_length <= INT64_MAX;
	case EDIT_DONE:
	case EDIT_NOTE:
		return untrusted_length <= EDIT_MESSAGE_MAX;
	default:
		return false;
	}
}

int edit_record_decode(const unsigned char untrusted_bytes[EDIT_RECORD_SIZE],
		       struct edit_record *record)
{
	uint32_t untrusted_kind = get32(untrusted_bytes + 8);
	uint64_t untrusted_length = get64(untrusted_bytes + 16);

	memset(record, 0, sizeof(*record));
	if (!edit_is_record(untrusted_bytes) || !length_ok(untrusted_kind, untrusted_length))
		return -EINVAL;
	record->kind = (enum edit_kind)untrusted_kind;
	record->code = record->kind == EDIT_NOTE ? 0 : get32(untrusted_bytes + 12);
	record->length = untrusted_length;
	return 0;
}

void edit_beside_name_encode(const char *name, unsigned char bytes[EDIT_BESIDE_NAME_SIZE])
{
	const size_t length = strlen(name);

	//@ split length;
	memset(bytes, 0, EDIT_BESIDE_NAME_SIZE);
	memcpy(bytes, name, length);
}

int edit_beside_name_decode(const unsigned char untrusted_bytes[EDIT_BESIDE_NAME_SIZE],
			    char name[EDIT_BESIDE_NAME_SIZE])
{
	const size_t length = strnlen((const char *)untrusted_bytes, EDIT_BESIDE_NAME_SIZE);

	memset(name, 0, EDIT_BESIDE_NAME_SIZE);
	if (length == 0 || length == EDIT_BESIDE_NAME_SIZE)
		return -EINVAL;
	//@ split length;
	memcpy(name, untrusted_bytes, length);
	return 0;
}

void edit_crc_encode(uint32_t crc, unsigned char bytes[EDIT_CRC_SIZE])
{
	put32(bytes, crc);
}

uint32_t edit_crc_decode(const unsigned char bytes[EDIT_CRC_SIZE])
{
	return get32(bytes);
}
