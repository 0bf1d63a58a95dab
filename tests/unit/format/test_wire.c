/*
 * Headers and results, byte for byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

/* Every byte another one, so that a field in a wrong place or turned around shows. */
static const unsigned char known_bytes[QFILE_HEADER_SIZE] = {
	0x34, 0x12, 0x00, 0x00,                         /* namelen */
	0xa4, 0x81, 0x00, 0x00,                         /* mode: a file, 0644 */
	0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* filelen */
	0x14, 0x13, 0x12, 0x11, 0x18, 0x17, 0x16, 0x15, /* atime */
	0xf4, 0xf3, 0xf2, 0xf1, 0x28, 0x27, 0x26, 0x25, /* mtime */
};
static const struct qfile_header known_header = {
	.namelen = 0x1234,
	.mode = S_IFREG | 0644,
	.filelen = 0x0102030405060708,
	.atime = 0x11121314,
	.atime_nsec = 0x15161718,
	.mtime = 0xf1f2f3f4,
	.mtime_nsec = 0x25262728,
};

START_TEST(header_layout_encode)
{
	unsigned char bytes[QFILE_HEADER_SIZE];

	qfile_header_encode(&known_header, bytes);
	ck_assert_mem_eq(bytes, known_bytes, sizeof(bytes));
}
END_TEST

START_TEST(header_layout_decode)
{
	struct qfile_header header;

	ck_assert_int_eq(qfile_header_decode(known_bytes, &header), 0);
	ck_assert_uint_eq(header.namelen, known_header.namelen);
	ck_assert_uint_eq(header.mode, known_header.mode);
	ck_assert_uint_eq(header.filelen, known_header.filelen);
	ck_assert_uint_eq(header.atime, known_header.atime);
	ck_assert_uint_eq(header.atime_nsec, known_header.atime_nsec);
	ck_assert_uint_eq(header.mtime, known_header.mtime);
	ck_assert_uint_eq(header.mtime_nsec, known_header.mtime_nsec);
}
END_TEST

/* One field all ones, the others zero: exactly its bytes are 0xff. */
static const struct {
	const char *label;
	struct qfile_header header;
	size_t offset, size;
} lone_fields[] = {
	{"namelen", {.namelen = UINT32_MAX}, 0, 4},
	{"mode", {.mode = UINT32_MAX}, 4, 4},
	{"filelen", {.filelen = UINT64_MAX}, 8, 8},
	{"atime", {.atime = UINT32_MAX}, 16, 4},
	{"atime_nsec", {.atime_nsec = UINT32_MAX}, 20, 4},
	{"mtime", {.mtime = UINT32_MAX}, 24, 4},
	{"mtime_nsec", {.mtime_nsec = UINT32_MAX}, 28, 4},
	{"none: the end header", {.namelen = 0}, 0, 0},
};

START_TEST(header_encode_lone_field)
{
	unsigned char bytes[QFILE_HEADER_SIZE], expected[QFILE_HEADER_SIZE] = {0};

	memset(expected + lone_fields[_i].offset, 0xff, lone_fields[_i].size);
	memset(bytes, 0x55, sizeof(bytes));
	qfile_header_encode(&lone_fields[_i].header, bytes);
	ck_assert_msg(memcmp(bytes, expected, sizeof(bytes)) == 0, "%s", lone_fields[_i].label);
}
END_TEST

enum field {
	NAMELEN,
	MODE,
	FILELEN,
	ATIME,
	ATIME_NSEC,
	MTIME,
	MTIME_NSEC
};
static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	[NAMELEN] = {"namelen", 0, 4},        [MODE] = {"mode", 4, 4},
	[FILELEN] = {"filelen", 8, 8},        [ATIME] = {"atime", 16, 4},
	[ATIME_NSEC] = {"atime_nsec", 20, 4}, [MTIME] = {"mtime", 24, 4},
	[MTIME_NSEC] = {"mtime_nsec", 28, 4},
};

static uint64_t field_of(const struct qfile_header *header, enum field field)
{
	switch (field) {
	case NAMELEN:
		return header->namelen;
	case MODE:
		return header->mode;
	case FILELEN:
		return header->filelen;
	case ATIME:
		return header->atime;
	case ATIME_NSEC:
		return header->atime_nsec;
	case MTIME:
		return header->mtime;
	default:
		return header->mtime_nsec;
	}
}

static void put(unsigned char bytes[QFILE_HEADER_SIZE], enum field field, uint64_t value)
{
	for (size_t i = 0; i < fields[field].size; i++)
		bytes[fields[field].offset + i] = (unsigned char)(value >> (8 * i));
}

/* A header that is right but for one field. */
static const struct {
	enum field field;
	uint64_t value;
	int verdict;
	uint64_t decoded;
} one_field[] = {
	{NAMELEN, 0, 0, 0},
	{NAMELEN, 1, -EINVAL, 0}, /* its NUL alone */
	{NAMELEN, 2, 0, 2},
	{NAMELEN, 16382, 0, 16382},
	{NAMELEN, 16383, 0, 16383},
	{NAMELEN, 16384, -EINVAL, 0},
	{NAMELEN, 0x10002, -EINVAL, 0}, /* its low half would do */
	{NAMELEN, 0x80000000, -EINVAL, 0},
	{NAMELEN, UINT32_MAX, -EINVAL, 0},
	{MODE, 0, -EINVAL, 0},
	{MODE, 1, -EINVAL, 0},
	{MODE, 0777, -EINVAL, 0},
	{MODE, S_IFIFO | 0644, -EINVAL, 0},
	{MODE, S_IFCHR | 0644, -EINVAL, 0},
	{MODE, S_IFBLK | 0644, -EINVAL, 0},
	{MODE, S_IFSOCK | 0644, -EINVAL, 0},
	{MODE, S_IFMT, -EINVAL, 0},
	{MODE, 0030000, -EINVAL, 0}, /* no type at all */
	{MODE, S_IFREG, 0, S_IFREG},
	{MODE, S_IFREG | 0001, 0, S_IFREG | 0001},
	{MODE, S_IFREG | 0777, 0, S_IFREG | 0777},
	{MODE, S_IFREG | 04755, 0, S_IFREG | 0755}, /* set-user-ID, set-group-ID, sticky: dropped */
	{MODE, S_IFREG | 02755, 0, S_IFREG | 0755},
	{MODE, S_IFREG | 01755, 0, S_IFREG | 0755},
	{MODE, S_IFREG | 07777, 0, S_IFREG | 0777},
	{MODE, 0x10000 | S_IFREG | 0644, -EINVAL, 0}, /* no bit of a mode */
	{MODE, 0x80000000 | S_IFREG | 0644, -EINVAL, 0},
	{MODE, UINT32_MAX, -EINVAL, 0},
	{FILELEN, 0, 0, 0},
	{FILELEN, 1, 0, 1},
	{FILELEN, INT64_MAX, 0, INT64_MAX},
	{FILELEN, (uint64_t)INT64_MAX + 1, -EINVAL, 0},
	{FILELEN, UINT64_MAX, -EINVAL, 0},
	{ATIME, 0, 0, 0},
	{ATIME, 1, 0, 1},
	{ATIME, 0x80000000, 0, 0x80000000}, /* 2038: seconds are unsigned */
	{ATIME, UINT32_MAX, 0, UINT32_MAX},
	{ATIME_NSEC, 0, 0, 0},
	{ATIME_NSEC, 1, 0, 1},
	{ATIME_NSEC, 999999999, 0, 999999999},
	{ATIME_NSEC, 1000000000, -EINVAL, 0},
	/* UTIME_NOW and UTIME_OMIT have a meaning of their own for utimensat(). */
	{ATIME_NSEC, 0x3fffffff, -EINVAL, 0},
	{ATIME_NSEC, 0x3ffffffe, -EINVAL, 0},
	{ATIME_NSEC, UINT32_MAX, -EINVAL, 0},
	{MTIME, 0, 0, 0},
	{MTIME, 1, 0, 1},
	{MTIME, 0x80000000, 0, 0x80000000},
	{MTIME, UINT32_MAX, 0, UINT32_MAX},
	{MTIME_NSEC, 0, 0, 0},
	{MTIME_NSEC, 1, 0, 1},
	{MTIME_NSEC, 999999999, 0, 999999999},
	{MTIME_NSEC, 1000000000, -EINVAL, 0},
	{MTIME_NSEC, 0x3fffffff, -EINVAL, 0},
	{MTIME_NSEC, 0x3ffffffe, -EINVAL, 0},
	{MTIME_NSEC, UINT32_MAX, -EINVAL, 0},
};

START_TEST(header_decode_one_field)
{
	unsigned char bytes[QFILE_HEADER_SIZE];
	enum field field = one_field[_i].field;
	struct qfile_header header;
	int r;

	memcpy(bytes, known_bytes, sizeof(bytes));
	put(bytes, field, one_field[_i].value);
	r = qfile_header_decode(bytes, &header);
	ck_assert_msg(r == one_field[_i].verdict, "%s %#llx: %d instead of %d", fields[field].name,
		      (unsigned long long)one_field[_i].value, r, one_field[_i].verdict);
	if (r == 0)
		ck_assert_msg(field_of(&header, field) == one_field[_i].decoded,
			      "%s %#llx became %#llx", fields[field].name,
			      (unsigned long long)one_field[_i].value,
			      (unsigned long long)field_of(&header, field));
}
END_TEST

/* How much data an entry of each type may have. */
static const struct {
	const char *label;
	uint32_t mode;
	uint64_t filelen;
	int verdict;
} data_of_types[] = {
	{"directory without data", S_IFDIR | 0755, 0, 0},
	{"directory with data", S_IFDIR | 0755, 1, -EINVAL},
	{"directory with a lot of data", S_IFDIR | 0755, UINT64_MAX, -EINVAL},
	{"directory with 2^32 bytes of data", S_IFDIR | 0755, 1ull << 32, -EINVAL},
	{"link without a target", S_IFLNK | 0777, 0, -EINVAL},
	{"link to one byte", S_IFLNK | 0777, 1, 0},
	{"link to the longest target", S_IFLNK | 0777, 16383, 0},
	{"link to a target too long", S_IFLNK | 0777, 16384, -EINVAL},
	{"link to 2^32 + 1 bytes", S_IFLNK | 0777, (1ull << 32) + 1, -EINVAL},
	{"link to all ones", S_IFLNK | 0777, UINT64_MAX, -EINVAL},
	{"empty file", S_IFREG | 0644, 0, 0},
	{"file of 2^63 - 1", S_IFREG | 0644, INT64_MAX, 0},
	{"file of 2^63", S_IFREG | 0644, 1ull << 63, -EINVAL},
};

START_TEST(header_decode_data_of_type)
{
	unsigned char bytes[QFILE_HEADER_SIZE];
	struct qfile_header header;
	int r;

	memcpy(bytes, known_bytes, sizeof(bytes));
	put(bytes, MODE, data_of_types[_i].mode);
	put(bytes, FILELEN, data_of_types[_i].filelen);
	r = qfile_header_decode(bytes, &header);
	ck_assert_msg(r == data_of_types[_i].verdict, "%s: %d", data_of_types[_i].label, r);
	if (r == 0)
		ck_assert_msg(header.mode == data_of_types[_i].mode, "%s: mode %o",
			      data_of_types[_i].label, header.mode);
}
END_TEST

START_TEST(end_header_whatever_the_rest)
{
	unsigned char bytes[QFILE_HEADER_SIZE] = {0};
	struct qfile_header header = {.namelen = 1};

	ck_assert_int_eq(qfile_header_decode(bytes, &header), 0);
	ck_assert_uint_eq(header.namelen, 0);

	memset(bytes + 4, 0xff, sizeof(bytes) - 4);
	header.namelen = 1;
	ck_assert_int_eq(qfile_header_decode(bytes, &header), 0);
	ck_assert_uint_eq(header.namelen, 0);
}
END_TEST

/* Every bit of a header that was decoded comes from the header that was encoded. */
START_TEST(header_round_trip)
{
	struct qfile_header before = known_header, after;
	unsigned char bytes[QFILE_HEADER_SIZE];

	before.mode = S_IFLNK | 0751;
	before.filelen = 77;
	qfile_header_encode(&before, bytes);
	ck_assert_int_eq(qfile_header_decode(bytes, &after), 0);
	ck_assert_mem_eq(&before, &after, sizeof(before));
}
END_TEST

/* ---- Results ---- */

static const struct {
	const char *label;
	uint32_t code, crc;
	const char *name;
	size_t length;
	unsigned char bytes[32];
} results[] = {
	{"success without a name", 0, 0, "", 20, {0}},
	{"success with a name", 0, 0xcbf43926, "a", 21, {0, 0,    0,    0,    0,    0, 0,
							 0, 0x26, 0x39, 0xf4, 0xcb, 0, 0,
							 0, 0,    1,    0,    0,    0, 'a'}},
	{"EEXIST with a name", EEXIST, 0x04030201, "dir/f", 25, {17,  0,   0,   0,  0, 0, 0,
								 0,   1,   2,   3,  4, 0, 0,
								 0,   0,   5,   0,  0, 0, 'd',
								 'i', 'r', '/', 'f'}},
	{"the end too early",
	 QFILE_ETRUNCATED,
	 UINT32_MAX,
	 "",
	 20,
	 {0x76, 0x5e, 0xdf, 0x01, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}},
};

START_TEST(result_encode)
{
	static struct qfile_result result; /* large */
	unsigned char bytes[64];
	size_t n;

	result.code = results[_i].code;
	result.crc = results[_i].crc;
	result.namelen = strlen(results[_i].name);
	memcpy(result.name, results[_i].name, result.namelen);
	memset(bytes, 0x55, sizeof(bytes));
	n = qfile_result_encode(&result, bytes);
	ck_assert_msg(n == results[_i].length, "%s: %zu bytes", results[_i].label, n);
	ck_assert_msg(memcmp(bytes, results[_i].bytes, n) == 0, "%s", results[_i].label);
	ck_assert_msg(bytes[n] == 0x55, "%s: wrote behind its end", results[_i].label);
}
END_TEST

static const struct {
	uint32_t code, decoded;
} negative[] = {
	{4294967212u, 84}, /* -84, as an old receiver says EILSEQ */
	{UINT32_MAX, 1},
	{UINT32_MAX - 4094, 4095},
	/* Not an errno in either direction. */
	{UINT32_MAX - 4095, UINT32_MAX - 4095},
	{0x80000000u, 0x80000000u},
	{QFILE_ETRUNCATED, QFILE_ETRUNCATED},
};

START_TEST(negative_code)
{
	static struct qfile_result result;
	unsigned char bytes[QFILE_RESULT_SIZE] = {0};

	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(negative[_i].code >> 8 * i);
	qfile_result_decode(bytes, &result);
	ck_assert_uint_eq(result.code, negative[_i].decoded);
}
END_TEST

START_TEST(result_decode)
{
	static struct qfile_result result;

	result.namelen = 99;
	qfile_result_decode(results[_i].bytes, &result);
	ck_assert_msg(result.code == results[_i].code, "%s: code %u", results[_i].label,
		      result.code);
	ck_assert_msg(result.crc == results[_i].crc, "%s: crc %#x", results[_i].label, result.crc);
	/* An old receiver sends nothing behind it. */
	ck_assert_msg(result.namelen == 0, "%s: namelen %zu", results[_i].label, result.namelen);
	ck_assert_int_eq(
		qfile_result_namelen_decode(results[_i].bytes + QFILE_RESULT_SIZE, &result), 0);
	ck_assert_msg(result.namelen == strlen(results[_i].name), "%s: namelen %zu",
		      results[_i].label, result.namelen);
}
END_TEST

/* Padding and the upper half of the checksum are somebody else's to use. */
START_TEST(result_decode_ignores_the_unused)
{
	static struct qfile_result result;
	unsigned char bytes[QFILE_RESULT_SIZE];

	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, "\x11\0\0\0", 4);
	memcpy(bytes + 8, "\x26\x39\xf4\xcb", 4);
	qfile_result_decode(bytes, &result);
	ck_assert_uint_eq(result.code, 17);
	ck_assert_uint_eq(result.crc, 0xcbf43926);
}
END_TEST

static const struct {
	uint32_t length;
	int verdict;
} result_lengths[] = {
	{0, 0},
	{1, 0},
	{255, 0},
	{256, 0},
	{16382, 0},
	{16383, 0},
	{16384, -EINVAL},
	{0x10001, -EINVAL},
	{0x80000000, -EINVAL},
	{UINT32_MAX, -EINVAL},
};

START_TEST(result_namelen)
{
	uint32_t length = result_lengths[_i].length;
	unsigned char bytes[4] = {(unsigned char)length, (unsigned char)(length >> 8),
				  (unsigned char)(length >> 16), (unsigned char)(length >> 24)};
	static struct qfile_result result;
	int r = qfile_result_namelen_decode(bytes, &result);

	ck_assert_msg(r == result_lengths[_i].verdict, "%u: %d", length, r);
	ck_assert_msg(r < 0 || result.namelen == length, "%u: became %zu", length, result.namelen);
}
END_TEST

START_TEST(result_longest_name)
{
	static unsigned char
		bytes[QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE + QFILE_NAME_MAX + 1];
	static struct qfile_result result;

	memset(result.name, 'n', sizeof(result.name));
	result.namelen = sizeof(result.name);
	ck_assert_uint_eq(qfile_result_encode(&result, bytes), sizeof(bytes) - 1);
	ck_assert_mem_eq(bytes + QFILE_RESULT_SIZE, "\xff\x3f\0\0", 4);
	ck_assert_mem_eq(bytes + 20, result.name, sizeof(result.name));
	ck_assert_uint_eq(bytes[sizeof(bytes) - 1], 0);
}
END_TEST

Suite *wire_suite(void)
{
	Suite *suite = suite_create("wire");
	TCase *header = add_case(suite, "header"), *result = add_case(suite, "result");

	tcase_add_test(header, header_layout_encode);
	tcase_add_test(header, header_layout_decode);
	add_table_test(header, header_encode_lone_field, lone_fields);
	add_table_test(header, header_decode_one_field, one_field);
	add_table_test(header, header_decode_data_of_type, data_of_types);
	tcase_add_test(header, end_header_whatever_the_rest);
	tcase_add_test(header, header_round_trip);

	add_table_test(result, result_encode, results);
	add_table_test(result, result_decode, results);
	add_table_test(result, negative_code, negative);
	tcase_add_test(result, result_decode_ignores_the_unused);
	add_table_test(result, result_namelen, result_lengths);
	tcase_add_test(result, result_longest_name);
	return suite;
}
