/*
 * Requests and records of the OpenInVM format, byte for byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editwire.h"
#include "unit.h"

#define SIZE      EDIT_REQUEST_SIZE
#define VIEW_ONLY "view-only-"

/* ---- What a request says, byte for byte: all of it owes nothing to the library ---- */

static const unsigned char mark[] = {'P', 'e', 'd', 'O', 'S', 'v', '2', 0};

static uint32_t crc32(const unsigned char *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put(unsigned char *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(value >> (8 * i));
}

/* The field's bytes are given, so that there can be anything behind a NUL. */
static void version2(const void *field, size_t size, uint64_t length, uint32_t flags,
		     unsigned char bytes[SIZE])
{
	memset(bytes, 0, SIZE);
	memcpy(bytes, field, size);
	memcpy(bytes + 232, mark, 8);
	put(bytes + 240, length, 8);
	put(bytes + 248, flags, 4);
	put(bytes + 252, crc32(bytes, 252), 4);
}

/* `count` bytes, each other than its neighbours, and no two cut alike; a static buffer. */
static const char *name_of(size_t count)
{
	static char name[SIZE + 64];

	for (size_t i = 0; i < count; i++)
		name[i] = (char)('0' + i % 71);
	name[count] = '\0';
	return name;
}

static struct edit_request request_of(const char *name, bool view_only)
{
	struct edit_request request = {.view_only = view_only};

	strcpy(request.name, name);
	return request;
}

/* ---- Encoding a request ---- */

START_TEST(request_layout)
{
	const bool view_only = _i;
	struct edit_request request = request_of("report.pdf", view_only);
	unsigned char bytes[SIZE], expected[SIZE] = {0};

	request.length = 0x0102030405060708;
	memcpy(expected, view_only ? "view-only-report.pdf" : "report.pdf", view_only ? 20 : 10);
	memcpy(expected + 232, "PedOSv2\0\x08\x07\x06\x05\x04\x03\x02\x01", 16);
	memcpy(expected + 248, view_only ? "\1\0\0\0\x63\x11\x0e\x1c" : "\0\0\0\0\x23\xbf\x5f\xdc",
	       8);
	memset(bytes, 0x55, sizeof(bytes));
	edit_request_encode(&request, bytes);
	ck_assert_mem_eq(bytes, expected, SIZE);
}
END_TEST

/*
 * Names of ASCII letters, at the borders of their field: the last 231 bytes of the field's name, or
 * what "view-only-" leaves of them.
 */
static const struct {
	size_t length;
	bool view_only;
	size_t kept;
} name_lengths[] = {
	{1, false, 1},     {230, false, 230}, {231, false, 231}, {232, false, 231},
	{233, false, 231}, {254, false, 231}, {255, false, 231}, {1, true, 1},
	{220, true, 220},  {221, true, 221},  {222, true, 221},  {231, true, 221},
	{232, true, 221},  {255, true, 221},
};

START_TEST(request_name_length)
{
	const size_t length = name_lengths[_i].length, kept = name_lengths[_i].kept;
	struct edit_request request = request_of(name_of(length), name_lengths[_i].view_only);
	unsigned char bytes[SIZE], expected[SIZE];
	char field[SIZE];

	strcpy(field, request.view_only ? VIEW_ONLY : "");
	strcat(field, request.name + length - kept);
	version2(field, strlen(field), 0, request.view_only, expected);
	edit_request_encode(&request, bytes);
	ck_assert_msg(memcmp(bytes, expected, SIZE) == 0, "%zu bytes: \"%.232s\"", length,
		      (const char *)bytes);
}
END_TEST

/*
 * A character of each length, at each place across the cut; and what is none, and is cut anywhere
 * but not for long.
 */
static const struct {
	const char *label, *character;
	size_t begin; /* where it begins, in bytes before the end of the field */
	size_t kept;  /* of the name */
} cut_names[] = {
	{"2 bytes, kept", "é", 231, 231},
	{"2 bytes, cut", "é", 232, 230},
	{"2 bytes, left out", "é", 233, 231},
	{"3 bytes, kept", "中", 231, 231},
	{"3 bytes, cut in 1 and 2", "中", 232, 229},
	{"3 bytes, cut in 2 and 1", "中", 233, 230},
	{"3 bytes, left out", "中", 234, 231},
	{"4 bytes, kept", "😀", 231, 231},
	{"4 bytes, cut in 1 and 3", "😀", 232, 228},
	{"4 bytes, cut in 2 and 2", "😀", 233, 229},
	{"4 bytes, cut in 3 and 1", "😀", 234, 230},
	{"4 bytes, left out", "😀", 235, 231},
	{"3 continuation bytes", "\x80\x80\x80", 231, 228},
	{"4 continuation bytes", "\x80\x80\x80\x80", 231, 228},
	{"a first byte alone", "\xc3", 231, 231},
};

START_TEST(request_name_is_not_cut_within_a_character)
{
	const char *character = cut_names[_i].character, *label = cut_names[_i].label;
	struct edit_request request = request_of(name_of(250), false);
	unsigned char bytes[SIZE];

	memcpy(request.name + 250 - cut_names[_i].begin, character, strlen(character));
	edit_request_encode(&request, bytes);
	ck_assert_msg(strcmp((const char *)bytes, request.name + 250 - cut_names[_i].kept) == 0,
		      "%s: \"%s\"", label, (const char *)bytes);
	/* With "view-only-" before it, all lies ten bytes further on. */
	request = request_of(name_of(240), true);
	memcpy(request.name + 240 - (cut_names[_i].begin - 10), character, strlen(character));
	edit_request_encode(&request, bytes);
	ck_assert_msg(memcmp(bytes, VIEW_ONLY, 10) == 0, "%s: \"%s\"", label, (const char *)bytes);
	ck_assert_msg(strcmp((const char *)bytes + 10,
			     request.name + 240 - (cut_names[_i].kept - 10)) == 0,
		      "%s: \"%s\"", label, (const char *)bytes);
}
END_TEST

/* What begins with a continuation byte and is not cut, is not. */
START_TEST(request_name_that_fits_is_kept)
{
	const bool view_only = _i;
	struct edit_request request = request_of(name_of(view_only ? 221 : 231), view_only);
	unsigned char bytes[SIZE];

	request.name[0] = '\x80';
	edit_request_encode(&request, bytes);
	ck_assert_str_eq((const char *)bytes + (view_only ? 10 : 0), request.name);
}
END_TEST

/* Whatever the name and however it was cut: what is sent is what is decoded. */
START_TEST(request_round_trip)
{
	for (size_t length = 1; length <= 255; length++) {
		struct edit_request before = request_of(name_of(length), _i), after;
		const size_t room = before.view_only ? 221 : 231;
		unsigned char bytes[SIZE];

		before.length = length << 55;
		memset(&after, 0x55, sizeof(after));
		edit_request_encode(&before, bytes);
		ck_assert_int_eq(edit_request_decode(bytes, &after), 0);
		ck_assert_str_eq(after.name, before.name + (length > room ? length - room : 0));
		ck_assert(after.view_only == before.view_only && after.records);
		ck_assert_uint_eq(after.length, before.length);
	}
}
END_TEST

/* ---- Decoding a request ---- */

#define BYTES(string) string, sizeof(string) - 1

/* Both versions of a request whose name's field begins so, with zeros behind it. */
static const struct {
	const char *label, *field;
	size_t size;
	const char *version1; /* the name; NULL: refused */
	bool view_only1;
	const char *edited, *viewed; /* the name under version 2, without and with the flag */
} fields[] = {
	{"plain", BYTES("a.txt"), "a.txt", false, "a.txt", "a.txt"},
	{"one byte", BYTES("a"), "a", false, "a", "a"},
	{"view-only", BYTES("view-only-a.txt"), "a.txt", true, "view-only-a.txt", "a.txt"},
	{"view-only twice", BYTES("view-only-view-only-a"), "view-only-a", true,
	 "view-only-view-only-a", "view-only-a"},
	{"view-only of nothing", BYTES("view-only-"), NULL, false, "view-only-", NULL},
	{"nearly view-only", BYTES("view-only"), "view-only", false, "view-only", "view-only"},
	{"view-only in capitals", BYTES("View-only-a"), "View-only-a", false, "View-only-a",
	 "View-only-a"},
	{"view-only later", BYTES("a-view-only-b"), "a-view-only-b", false, "a-view-only-b",
	 "a-view-only-b"},
	{"view-only behind the NUL", BYTES("view-\0only-a"), "view-", false, "view-", "view-"},
	{"empty", BYTES(""), NULL, false, NULL, NULL},
	{"empty, and a name behind the NUL", BYTES("\0a.txt"), NULL, false, NULL, NULL},
	{"garbage behind the NUL", BYTES("a.txt\0\377\001/../\033[2J\0\0more"), "a.txt", false,
	 "a.txt", "a.txt"},
	{"garbage behind the NUL of view-only", BYTES("view-only-a\0/b"), "a", true, "view-only-a",
	 "a"},
	/* Whether a name is any good is not asked here. */
	{"bytes that no name has", BYTES("../\001\377/"), "../\001\377/", false, "../\001\377/",
	 "../\001\377/"},
};

static void check_name(const char *label, const unsigned char bytes[SIZE], const char *name,
		       bool view_only, bool records)
{
	struct edit_request request;
	int r;

	memset(&request, 0x55, sizeof(request));
	r = edit_request_decode(bytes, &request);
	ck_assert_msg(r == (name ? 0 : -EINVAL), "%s: %d", label, r);
	if (!name)
		return;
	ck_assert_msg(strcmp(request.name, name) == 0, "%s: \"%s\"", label, request.name);
	ck_assert_msg(request.view_only == view_only && request.records == records,
		      "%s: view only %d, records %d", label, request.view_only, request.records);
	ck_assert_msg(request.length == (records ? 77 : 0), "%s: length %ju", label,
		      (uintmax_t)request.length);
}

START_TEST(request_name)
{
	const char *label = fields[_i].label;
	unsigned char bytes[SIZE] = {0};

	memcpy(bytes, fields[_i].field, fields[_i].size);
	check_name(label, bytes, fields[_i].version1, fields[_i].view_only1, false);
	version2(fields[_i].field, fields[_i].size, 77, 0, bytes);
	check_name(label, bytes, fields[_i].edited, false, true);
	version2(fields[_i].field, fields[_i].size, 77, 1, bytes);
	check_name(label, bytes, fields[_i].viewed, true, true);
}
END_TEST

/* Where the first NUL is: version 2 looks for it in 232 bytes, version 1 in all. */
START_TEST(request_nul_anywhere)
{
	for (size_t nul = 1; nul <= SIZE; nul++) {
		unsigned char bytes[SIZE + 1] = {0};
		const char *name = name_of(nul);

		memset(bytes, 0xff, SIZE);
		memcpy(bytes, name, nul + 1);
		check_name("version 1", bytes, nul < SIZE ? name : NULL, false, false);
		if (nul > 232)
			continue;
		version2(name, nul, 77, 0, bytes);
		check_name("version 2", bytes, nul < 232 ? name : NULL, false, true);
	}
}
END_TEST

/*
 * With one bit changed in the mark it is one of version 1, where its name ends; with one changed
 * elsewhere it is none.
 */
START_TEST(request_with_a_flipped_bit)
{
	struct edit_request request;
	unsigned char bytes[SIZE];

	for (size_t i = 0; i < 8 * SIZE; i++) {
		int r;

		version2("report.pdf", 10, 77, 0, bytes);
		bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		r = edit_request_decode(bytes, &request);
		if (i / 8 >= 232 && i / 8 < 240)
			ck_assert_msg(r == 0 && !request.records && request.length == 0,
				      "bit %zu: %d", i, r);
		else
			ck_assert_msg(r == -EINVAL, "bit %zu: %d", i, r);
	}
}
END_TEST

static const struct {
	uint64_t length;
	uint32_t flags;
	int verdict;
} numbers[] = {
	{0, 0, 0},
	{1, 0, 0},
	{UINT32_MAX, 0, 0},
	{1ull << 32, 0, 0},
	{INT64_MAX, 1, 0},
	{1ull << 63, 0, -EINVAL},
	{UINT64_MAX, 0, -EINVAL},
	{0, 2, 0},
	{0, 3, 0},
	{0, 4, -EINVAL},
	{0, 0x100, -EINVAL},
	{0, 0x80000000, -EINVAL},
	{0, UINT32_MAX, -EINVAL},
};

START_TEST(request_numbers)
{
	struct edit_request request;
	unsigned char bytes[SIZE], again[SIZE];
	int r;

	version2("a", 1, numbers[_i].length, numbers[_i].flags, bytes);
	r = edit_request_decode(bytes, &request);
	ck_assert_msg(r == numbers[_i].verdict, "length %#jx, flags %#x: %d",
		      (uintmax_t)numbers[_i].length, numbers[_i].flags, r);
	if (r == 0) {
		ck_assert_uint_eq(request.length, numbers[_i].length);
		ck_assert_uint_eq(request.view_only, numbers[_i].flags & 1);
		ck_assert_uint_eq(request.beside, numbers[_i].flags >> 1);
		edit_request_encode(&request, again);
		version2(numbers[_i].flags & 1 ? VIEW_ONLY "a" : "a",
			 numbers[_i].flags & 1 ? strlen(VIEW_ONLY "a") : 1, numbers[_i].length,
			 numbers[_i].flags, bytes);
		ck_assert_mem_eq(again, bytes, sizeof(bytes));
	}
}
END_TEST

/* ---- Records ---- */

static const struct {
	const char *label;
	struct edit_record record;
	unsigned char bytes[EDIT_RECORD_SIZE];
} records[] = {
	{"save",
	 {EDIT_SAVE, 0, 0x0102030405060708},
	 {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 1, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1}},
	{"save of nothing", {EDIT_SAVE, 0, 0}, {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 1}},
	{"save of 2^63 - 1", {EDIT_SAVE, 0, INT64_MAX}, {'P', 'e', 'd', 'O', 'S', 'v', '2', 0,
							 1,   0,   0,   0,   0,   0,   0,   0,
							 255, 255, 255, 255, 255, 255, 255, 127}},
	{"done", {EDIT_DONE, 0, 0}, {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 2}},
	{"done with a message",
	 {EDIT_DONE, 0x14131211, 4096},
	 {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 2, 0, 0, 0, 0x11, 0x12, 0x13, 0x14, 0, 16}},
	{"beside",
	 {EDIT_BESIDE, 5, 256},
	 {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 3, 0, 0, 0, 5, 0, 0, 0, 0, 1}},
	{"note",
	 {EDIT_NOTE, 0, 4096},
	 {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 16}},
	{"done with any code",
	 {EDIT_DONE, UINT32_MAX, 1},
	 {'P', 'e', 'd', 'O', 'S', 'v', '2', 0, 2, 0, 0, 0, 255, 255, 255, 255, 1}},
};

START_TEST(record_layout)
{
	const struct edit_record *record = &records[_i].record;
	unsigned char bytes[EDIT_RECORD_SIZE];
	struct edit_record decoded;

	memset(bytes, 0x55, sizeof(bytes));
	memset(&decoded, 0x55, sizeof(decoded));
	edit_record_encode(record, bytes);
	ck_assert_msg(memcmp(bytes, records[_i].bytes, sizeof(bytes)) == 0, "%s: encoded",
		      records[_i].label);
	ck_assert_int_eq(edit_record_decode(records[_i].bytes, &decoded), 0);
	ck_assert_msg(decoded.kind == record->kind && decoded.code == record->code &&
			      decoded.length == record->length,
		      "%s: decoded", records[_i].label);
}
END_TEST

static const struct {
	uint32_t kind, code;
	uint64_t length;
	int verdict;
} record_numbers[] = {
	{0, 0, 0, -EINVAL},
	{5, 0, 256, -EINVAL},
	{0x101, 0, 0, -EINVAL}, /* its low byte would do */
	{0x80000001, 0, 0, -EINVAL},
	{UINT32_MAX, 0, 0, -EINVAL},
	{1, 0, 1ull << 62, 0},
	{1, 0, 1ull << 63, -EINVAL},
	{1, 0, UINT64_MAX, -EINVAL},
	{1, 5, 10, 0},
	{2, 5, 4096, 0},
	{2, 5, 4097, -EINVAL},
	{2, 5, (1ull << 32) + 1, -EINVAL},
	{2, 5, UINT64_MAX, -EINVAL},
	{3, 5, 0, -EINVAL}, /* there is no room for the name */
	{3, 5, 255, -EINVAL},
	{3, 5, 256, 0},
	{3, 5, INT64_MAX, 0},
	{3, 5, 1ull << 63, -EINVAL},
	{4, 5, 0, 0},
	{4, 5, 4096, 0},
	{4, 5, 4097, -EINVAL},
	{4, 5, UINT64_MAX, -EINVAL},
};

START_TEST(record_numbers_bounds)
{
	unsigned char bytes[EDIT_RECORD_SIZE];
	struct edit_record record;
	int r;

	memcpy(bytes, mark, 8);
	put(bytes + 8, record_numbers[_i].kind, 4);
	put(bytes + 12, record_numbers[_i].code, 4);
	put(bytes + 16, record_numbers[_i].length, 8);
	r = edit_record_decode(bytes, &record);
	ck_assert_msg(r == record_numbers[_i].verdict, "kind %u, length %#jx: %d",
		      record_numbers[_i].kind, (uintmax_t)record_numbers[_i].length, r);
	if (r == 0)
		ck_assert_uint_eq(record.code,
				  record_numbers[_i].kind == 4 ? 0 : record_numbers[_i].code);
}
END_TEST

/* Where the first NUL is, with anything behind it. */
START_TEST(beside_name)
{
	for (size_t nul = 0; nul <= 256; nul++) {
		unsigned char bytes[256], expected[256] = {0};
		char name[256];
		int r;

		memset(bytes, 0xff, sizeof(bytes));
		memset(name, 0x55, sizeof(name));
		memcpy(bytes, name_of(nul), nul);
		if (nul < 256)
			bytes[nul] = 0;
		r = edit_beside_name_decode(bytes, name);
		ck_assert_msg(r == (nul == 0 || nul == 256 ? -EINVAL : 0), "%zu: %d", nul, r);
		if (r < 0)
			continue;
		ck_assert_str_eq(name, name_of(nul));
		memcpy(expected, name, nul);
		edit_beside_name_encode(name, bytes);
		ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	}
}
END_TEST

/* Any other first eight bytes are content. */
START_TEST(record_mark)
{
	unsigned char bytes[EDIT_RECORD_SIZE];
	struct edit_record record;

	ck_assert(edit_is_record(mark));
	for (size_t i = 0; i < 64; i++) {
		memcpy(bytes, records[0].bytes, sizeof(bytes));
		bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		ck_assert_msg(!edit_is_record(bytes), "bit %zu", i);
		ck_assert_msg(edit_record_decode(bytes, &record) == -EINVAL, "bit %zu", i);
	}
}
END_TEST

START_TEST(payload_checksum)
{
	unsigned char bytes[EDIT_CRC_SIZE];

	edit_crc_encode(0x04030281, bytes);
	ck_assert_mem_eq(bytes, "\x81\x02\x03\x04", 4);
	ck_assert_uint_eq(edit_crc_decode(bytes), 0x04030281);
	edit_crc_encode(UINT32_MAX, bytes);
	ck_assert_uint_eq(edit_crc_decode(bytes), UINT32_MAX);
}
END_TEST

Suite *editwire_suite(void)
{
	Suite *suite = suite_create("editwire");
	TCase *request = add_case(suite, "request"), *record = add_case(suite, "record");

	tcase_add_loop_test(request, request_layout, 0, 2);
	add_table_test(request, request_name_length, name_lengths);
	add_table_test(request, request_name_is_not_cut_within_a_character, cut_names);
	tcase_add_loop_test(request, request_name_that_fits_is_kept, 0, 2);
	tcase_add_loop_test(request, request_round_trip, 0, 2);
	add_table_test(request, request_name, fields);
	tcase_add_test(request, request_nul_anywhere);
	tcase_add_test(request, request_with_a_flipped_bit);
	add_table_test(request, request_numbers, numbers);

	add_table_test(record, record_layout, records);
	add_table_test(record, record_numbers_bounds, record_numbers);
	tcase_add_test(record, record_mark);
	tcase_add_test(record, beside_name);
	tcase_add_test(record, payload_checksum);
	return suite;
}
