/*
 * What the confined child tells the monitor: an attacker may write anything into this pipe.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "receive/child/report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A record and its name as they stand in the pipe. */
struct record {
	struct report report;
	const char *name;
};

#define REPORT(kind_, code_, name_)                                                     \
	{                                                                               \
		{.kind = (kind_), .code = (code_), .namelen = sizeof(name_) - 1}, name_ \
	}

static size_t record_bytes(const struct record *record, unsigned char *bytes)
{
	memcpy(bytes, &record->report, sizeof(record->report));
	memcpy(bytes + sizeof(record->report), record->name, record->report.namelen);
	return sizeof(record->report) + record->report.namelen;
}

/* Read until a record is complete, or it fails. The pipe must hold one. */
static int receive(struct report_reader *reader)
{
	int r;

	while ((r = report_receive(reader)) == 0)
		;
	return r;
}

static const struct {
	const char *label;
	struct record record;
	int verdict;
} records[] = {
	{"confined", REPORT(REPORT_CONFINED, 0, ""), 1},
	{"unconfined", REPORT(REPORT_UNCONFINED, EPERM, ""), 1},
	{"entry", REPORT(REPORT_ENTRY, 0, "report.pdf"), 1},
	{"entry with bytes that are no UTF-8", REPORT(REPORT_ENTRY, 0, "\377\n"), 1},
	{"grown", REPORT(REPORT_GROWN, 0, ""), 1},
	{"unsynced", REPORT(REPORT_UNSYNCED, 0, ""), 1},
	{"done", REPORT(REPORT_DONE, 0, "a/b/c"), 1},
	{"done without an entry", REPORT(REPORT_DONE, QFILE_ETRUNCATED, ""), 1},
	{"done, with the largest errno", REPORT(REPORT_DONE, 4095, "a"), 1},
	{"done: a name may be as bad as it was sent", REPORT(REPORT_DONE, EINVAL, "../../x"), 1},

	{"kind too large", REPORT(REPORT_DONE + 1, 0, "a"), -EPROTO},
	{"kind all ones", REPORT(UINT32_MAX, 0, "a"), -EPROTO},
	{"code too large", REPORT(REPORT_DONE, 4096, "a"), -EPROTO},
	{"code beside truncation", REPORT(REPORT_DONE, QFILE_ETRUNCATED + 1, "a"), -EPROTO},
	{"code negative", REPORT(REPORT_DONE, (uint32_t)-EIO, "a"), -EPROTO},
	{"code all ones", REPORT(REPORT_DONE, UINT32_MAX, "a"), -EPROTO},
	{"entry without a name", REPORT(REPORT_ENTRY, 0, ""), -EPROTO},
	{"entry with a slash", REPORT(REPORT_ENTRY, 0, "a/b"), -EPROTO},
	{"entry absolute", REPORT(REPORT_ENTRY, 0, "/etc"), -EPROTO},
	{"entry that is a dot", REPORT(REPORT_ENTRY, 0, "."), -EPROTO},
	{"entry that is dot dot", REPORT(REPORT_ENTRY, 0, ".."), -EPROTO},
	{"entry in dot dot", REPORT(REPORT_ENTRY, 0, "../a"), -EPROTO},
	{"entry with a NUL", REPORT(REPORT_ENTRY, 0, "a\0b"), -EPROTO},
	{"entry of a NUL", REPORT(REPORT_ENTRY, 0, "\0"), -EPROTO},
	{"entry that is a staging directory",
	 REPORT(REPORT_ENTRY, 0, QFILE_STAGING_PREFIX "0123456789abcdef"), -EPROTO},
	{"done with a NUL", REPORT(REPORT_DONE, 0, "a\0b"), -EPROTO},
	{"confined with a NUL", REPORT(REPORT_CONFINED, 0, "\0"), -EPROTO},
};

START_TEST(one_record)
{
	const struct record *record = &records[_i].record;
	unsigned char bytes[256];
	size_t size = record_bytes(record, bytes);

	/* In single bytes, and whole. */
	for (size_t piece = 1; piece <= size; piece += piece == 1 ? size - 1 : 1) {
		static struct report_reader reader;
		int r;

		reader = (struct report_reader){.fd = feed(bytes, size, piece)};
		r = receive(&reader);
		ck_assert_msg(r == records[_i].verdict, "%s, in pieces of %zu: %d",
			      records[_i].label, piece, r);
		close(reader.fd);
		if (r < 0)
			continue;
		ck_assert_msg(memcmp(&reader.report, &record->report, sizeof(reader.report)) == 0,
			      "%s: other content", records[_i].label);
		ck_assert_msg(strcmp(reader.name, record->name) == 0, "%s: \"%s\"",
			      records[_i].label, reader.name);
	}
}
END_TEST

/* One read each: nothing is complete before its last byte, and nothing of the next is lost. */
START_TEST(single_bytes)
{
	static const struct record sent[] = {REPORT(REPORT_CONFINED, 0, ""),
					     REPORT(REPORT_ENTRY, 0, "name"),
					     REPORT(REPORT_DONE, 0, "")};
	static struct report_reader reader;
	int fds[2];

	MUST(pipe(fds));
	reader.fd = fds[0];
	for (size_t i = 0; i < COUNT(sent); i++) {
		unsigned char bytes[64 + sizeof(struct report)];
		size_t size = record_bytes(&sent[i], bytes);

		for (size_t at = 0; at < size; at++) {
			int r;

			MUST(write(fds[1], bytes + at, 1));
			r = report_receive(&reader);
			ck_assert_msg(r == (at + 1 == size), "record %zu, byte %zu of %zu: %d", i,
				      at, size, r);
		}
		ck_assert_uint_eq(reader.report.kind, sent[i].report.kind);
		ck_assert_str_eq(reader.name, sent[i].name);
	}
}
END_TEST

START_TEST(sent_is_received)
{
	static struct report_reader reader;
	const struct report report = {.kind = REPORT_DONE,
				      .code = ENOSPC,
				      .layers = 0x7f,
				      .namelen = 4,
				      .received = {0xcbf43926, {1ull << 40, 7}}};
	const struct report next = {.kind = REPORT_ENTRY, .namelen = 1};
	int fds[2];

	MUST(pipe(fds));
	reader.fd = fds[0];
	ck_assert_int_eq(report_send(fds[1], &report, "name"), 0);
	ck_assert_int_eq(report_send(fds[1], &next, "n"), 0);
	ck_assert_int_eq(receive(&reader), 1);
	ck_assert_mem_eq(&reader.report, &report, sizeof(report));
	ck_assert_str_eq(reader.name, "name");
	/* What is left of a longer name is not the next one's. */
	ck_assert_int_eq(receive(&reader), 1);
	ck_assert_str_eq(reader.name, "n");
}
END_TEST

/* Lengths of names, by the kind of record that carries them. */
static const struct {
	enum report_kind kind;
	uint32_t length;
	int verdict;
} name_lengths[] = {
	{REPORT_DONE, 16382, 1},
	{REPORT_DONE, 16383, 1},
	{REPORT_DONE, 16384, -EPROTO},
	{REPORT_DONE, 0x10000, -EPROTO},
	{REPORT_DONE, UINT32_MAX, -EPROTO},
	{REPORT_CONFINED, 16384, -EPROTO},
	{REPORT_ENTRY, 255, 1},
	{REPORT_ENTRY, 256, -EPROTO},
	{REPORT_ENTRY, 16384, -EPROTO},
};

START_TEST(name_length)
{
	static struct {
		struct report_reader reader;
		unsigned char behind[64];
	} guarded;
	static unsigned char bytes[sizeof(struct report) + 20000];
	const struct report report = {.kind = name_lengths[_i].kind,
				      .namelen = name_lengths[_i].length};
	int r;

	memset(bytes, 'n', sizeof(bytes));
	memcpy(bytes, &report, sizeof(report));
	memset(&guarded, 0, sizeof(guarded));
	guarded.reader.fd = feed(bytes, sizeof(bytes), sizeof(bytes));
	r = receive(&guarded.reader);
	ck_assert_msg(r == name_lengths[_i].verdict, "kind %u, %u bytes: %d", report.kind,
		      report.namelen, r);
	if (r == 1)
		ck_assert_uint_eq(strlen(guarded.reader.name), report.namelen);
	for (size_t i = 0; i < sizeof(guarded.behind); i++)
		ck_assert_uint_eq(guarded.behind[i], 0);
}
END_TEST

/*
 * What cannot be right is refused as soon as that is known: a child may stop sending in the middle.
 */
START_TEST(refused_before_the_name)
{
	static struct report_reader reader;
	const struct report report = {.kind = REPORT_DONE, .namelen = QFILE_NAME_MAX + 1};
	int fds[2];

	MUST(pipe(fds));
	reader.fd = fds[0];
	MUST(write(fds[1], &report, sizeof(report)));
	ck_assert_int_eq(report_receive(&reader), -EPROTO);
}
END_TEST

START_TEST(ends)
{
	static const struct record sent = REPORT(REPORT_DONE, 0, "name");
	unsigned char bytes[64 + sizeof(struct report)];
	size_t size = record_bytes(&sent, bytes);

	for (size_t length = 0; length < size; length++) {
		static struct report_reader reader;

		reader = (struct report_reader){.fd = feed(bytes, length, length + 1)};
		ck_assert_msg(receive(&reader) == -ECONNRESET, "after %zu bytes", length);
		close(reader.fd);
	}
}
END_TEST

START_TEST(nothing_yet)
{
	static struct report_reader reader;
	int fds[2];

	MUST(pipe2(fds, O_NONBLOCK));
	reader.fd = fds[0];
	ck_assert_int_eq(report_receive(&reader), 0);
	ck_assert_int_eq(report_receive(&reader), 0);
}
END_TEST

Suite *report_suite(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = add_case(suite, "report");

	add_table_test(tcase, one_record, records);
	tcase_add_test(tcase, single_bytes);
	tcase_add_test(tcase, sent_is_received);
	add_table_test(tcase, name_length, name_lengths);
	tcase_add_test(tcase, refused_before_the_name);
	tcase_add_test(tcase, ends);
	tcase_add_test(tcase, nothing_yet);
	return suite;
}
