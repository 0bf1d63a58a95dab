/*
 * The OpenInVM format's request and records: bytes to structs and back; and the names that are made
 * of the names in them.
 *
 * The input is a request, a record, then a name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "fuzz.h"
#include "open/editwire.h"

#include <libdeflate.h>
#include <qfile.h>
#include <stdbool.h>
#include <string.h>

#define VIEW_ONLY "view-only-"

static const unsigned char mark[EDIT_MARK_SIZE] = {'P', 'e', 'd', 'O', 'S', 'v', '2', 0};

static uint32_t le32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static uint64_t le64(const unsigned char *bytes)
{
	return le32(bytes) | (uint64_t)le32(bytes + 4) << 32;
}

/* ---- Requests ---- */

/* What qfile(5) lets a request be. */
static bool is_request(const unsigned char *bytes, bool version2)
{
	bool flagged = version2 && bytes[248] & 1;
	size_t length = strnlen((const char *)bytes, version2 ? 232 : 256),
	       prefix = strlen(VIEW_ONLY);
	bool prefixed = length == prefix && memcmp(bytes, VIEW_ONLY, prefix) == 0;

	if (length == 0 || length == (version2 ? 232 : 256) || (prefixed && (flagged || !version2)))
		return false;
	return !version2 || (le32(bytes + 248) <= 3 && le64(bytes + 240) <= INT64_MAX &&
			     le32(bytes + 252) == libdeflate_crc32(0, bytes, 252));
}

/* What was decoded is what is there: the name, with or without what stands before it. */
static void check_said(const struct edit_request *request, const unsigned char *bytes,
		       bool version2)
{
	bool prefixed = strncmp((const char *)bytes, VIEW_ONLY, strlen(VIEW_ONLY)) == 0;

	CHECK(request->records == version2);
	CHECK(request->view_only == (version2 ? bytes[248] & 1 : prefixed));
	CHECK(request->beside == (version2 && bytes[248] & 2));
	CHECK(request->length == (version2 ? le64(bytes + 240) : 0));
	CHECK(strcmp(request->name,
		     (const char *)bytes +
			     (prefixed && request->view_only ? strlen(VIEW_ONLY) : 0)) == 0);
}

/* A request that an opener of ours would send comes back as it was. */
static void check_again(const struct edit_request *request, const unsigned char *bytes)
{
	unsigned char encoded[EDIT_REQUEST_SIZE];
	size_t name = strlen((const char *)bytes),
	       prefix = request->view_only ? strlen(VIEW_ONLY) : 0;
	bool ours = request->records && name == strlen(request->name) + prefix;
	struct edit_request again;

	for (size_t i = name; i < EDIT_NAME_SIZE; i++)
		ours = ours && bytes[i] == 0;
	edit_request_encode(request, encoded);
	CHECK(!ours || memcmp(encoded, bytes, sizeof(encoded)) == 0);
	CHECK(edit_request_decode(encoded, &again) == 0 && again.records &&
	      again.view_only == request->view_only);
	CHECK(again.length == request->length && again.beside == request->beside);
	/* Of a name that is too long, the end. */
	CHECK(strlen(again.name) <= strlen(request->name));
	CHECK(strcmp(again.name, request->name + strlen(request->name) - strlen(again.name)) == 0);
	CHECK(strlen(again.name) == strlen(request->name) ||
	      strlen(again.name) + prefix + 3 >= EDIT_NAME_SIZE - 1);
}

static void check_names(const char *untrusted_name, size_t length);

static void check_request(const unsigned char *exact)
{
	bool version2 = memcmp(exact + EDIT_NAME_SIZE, mark, sizeof(mark)) == 0;
	struct edit_request request;
	int r;

	memset(&request, 0xa5, sizeof(request));
	r = edit_request_decode(exact, &request);
	CHECK((r == 0) == is_request(exact, version2));
	if (r < 0)
		return;
	check_said(&request, exact, version2);
	check_again(&request, exact);
	check_names(request.name, strlen(request.name));
}

/* ---- Records ---- */

static void check_record(const unsigned char *exact)
{
	unsigned char encoded[EDIT_RECORD_SIZE], expected[EDIT_RECORD_SIZE];
	bool marked = memcmp(exact, mark, sizeof(mark)) == 0;
	uint32_t kind = le32(exact + 8);
	uint64_t least = kind == EDIT_BESIDE ? 256 : 0,
		 most = kind == EDIT_SAVE || kind == EDIT_BESIDE ? INT64_MAX : 4096;
	bool good = marked && kind >= 1 && kind <= 4 && le64(exact + 16) >= least &&
		    le64(exact + 16) <= most;
	struct edit_record record;

	CHECK(edit_is_record(exact) == marked);
	memset(&record, 0xa5, sizeof(record));
	CHECK((edit_record_decode(exact, &record) == 0) == good);
	if (!good)
		return;
	memcpy(expected, exact, sizeof(expected));
	if (record.kind == EDIT_NOTE)
		memset(expected + 12, 0, 4); /* the code, which such a record has not */
	edit_record_encode(&record, encoded);
	CHECK(memcmp(encoded, expected, sizeof(encoded)) == 0);
}

static void check_crc(const unsigned char *exact)
{
	unsigned char encoded[EDIT_CRC_SIZE];

	CHECK(edit_crc_decode(exact) == le32(exact));
	edit_crc_encode(le32(exact), encoded);
	CHECK(memcmp(encoded, exact, sizeof(encoded)) == 0);
}

/* ---- Names ---- */

/* A name of ours is one that can be created, and is only changed where it has to be. */
static void check_safe(const char *exact, size_t length)
{
	char *name = fuzz_exact_buffer(256), *again = fuzz_exact_buffer(256);
	bool refused = length == 0 || length > 255 || (length == 1 && exact[0] == '.') ||
		       (length == 2 && memcmp(exact, "..", 2) == 0);

	CHECK((name_safe(exact, length, name) < 0) == refused);
	if (!refused) {
		CHECK(qfile_name_check(name, strlen(name), 0) == 0 && !strchr(name, '/'));
		CHECK(fuzz_is_clean_text(name, strlen(name)));
		CHECK(strlen(name) <= length);
		if (qfile_name_check(exact, length, 0) == 0 && !memchr(exact, '/', length))
			CHECK(strlen(name) == length && memcmp(name, exact, length) == 0);
		CHECK(name_safe(name, strlen(name), again) == 0 && strcmp(again, name) == 0);
	}
	free(again);
	free(name);
}

static bool is_ascii(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

/* Both of a name, which may be any that a file has, and a tag. */
static void check_tagged(const char *name, const char *tag)
{
	char *tagged = fuzz_exact_buffer(256), *middle;
	size_t more = strlen(tag) + strlen("()"); /* and a space, unless one is there */

	if (name_tagged(name, tag, tagged) == 0) {
		middle = strstr(tagged, tag);
		CHECK(strlen(tagged) <= 255 && middle);
		CHECK(strlen(name) + more >= 255 || strlen(tagged) == strlen(name) + more ||
		      strlen(tagged) == strlen(name) + more + 1);
		CHECK(tagged[0] == name[0]);
		/* A tag is of our own words and a VM's name. */
		if (qfile_name_check(name, strlen(name), 0) == 0 && is_ascii(tag))
			CHECK(qfile_name_check(tagged, strlen(tagged), 0) == 0);
	} else {
		CHECK(strlen(name) == 0 || strlen(name) + more >= 255);
	}
	free(tagged);
}

static void check_names(const char *untrusted_name, size_t length)
{
	char *exact = fuzz_exact_copy(untrusted_name, length);
	char name[256], tag[256];
	size_t cut = length < sizeof(name) ? length : sizeof(name) - 1;

	check_safe(exact, length);
	if (name_safe(exact, cut, name) == 0) {
		check_tagged(name, "edited in work, 2026-11-23 14.36.05");
		name_safe(exact + cut / 2, cut - cut / 2, tag);
		check_tagged(name, tag);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t fixed = EDIT_REQUEST_SIZE + EDIT_RECORD_SIZE + EDIT_CRC_SIZE;
	unsigned char *exact;

	if (size < fixed)
		return 0;
	exact = fuzz_exact_copy(data, EDIT_REQUEST_SIZE);
	check_request(exact);
	free(exact);
	exact = fuzz_exact_copy(data + EDIT_REQUEST_SIZE, EDIT_RECORD_SIZE);
	check_record(exact);
	free(exact);
	exact = fuzz_exact_copy(data + EDIT_REQUEST_SIZE + EDIT_RECORD_SIZE, EDIT_CRC_SIZE);
	check_crc(exact);
	free(exact);
	check_names((const char *)data + fixed, size - fixed);
	return 0;
}

/*
 * Every other time a request with a good checksum is left with one: nothing behind that could be
 * reached else.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint32_t crc;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 2 == 0 || size < EDIT_REQUEST_SIZE)
		return size;
	memcpy(data + EDIT_NAME_SIZE, mark, sizeof(mark));
	crc = libdeflate_crc32(0, data, 252);
	for (int i = 0; i < 4; i++)
		data[252 + i] = (uint8_t)(crc >> (8 * i));
	return size;
}
