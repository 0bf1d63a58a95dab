/*
 * The monitor's reading of what its child reports, and what it does with it. The child may be the
 * sender's by now.
 *
 * The input is one byte, how it is cut, then the records as they pass through the pipe.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
/* What the monitor does with a record is its own affair, behind static functions. */
#include "receive/child/child.c"

#include "fuzz.h"
#include "input.h"
#include "scratch.h"

static struct qfile_receive_options options = QFILE_RECEIVE_OPTIONS_INIT;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	options.incoming = scratch_root();
	MUST(close(openat(options.incoming, "taken", O_WRONLY | O_CREAT, 0600)));
	return 0;
}

static void check_record(const struct report_reader *reader)
{
	const struct report *report = &reader->report;

	CHECK(report->kind <= REPORT_DONE);
	CHECK(report->namelen <= QFILE_NAME_MAX && strlen(reader->name) == report->namelen);
	CHECK(report->code <= 4095 || report->code == QFILE_ETRUNCATED);
	if (report->kind != REPORT_ENTRY)
		return;
	CHECK(report->namelen > 0 && report->namelen <= 255 && !strchr(reader->name, '/'));
	CHECK(strcmp(reader->name, ".") != 0 && strcmp(reader->name, "..") != 0);
	CHECK(strncmp(reader->name, QFILE_STAGING_PREFIX, strlen(QFILE_STAGING_PREFIX)) != 0);
}

/* A limit of the starter's is told as such; whatever else stops a layer is a refusal. */
static bool too_little_granted(uint32_t code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/*
 * What the monitor makes of a record: which layers hold the child is its first word and said once;
 * a taken name, and only that, ends the delivery early. `confined`: it had been said before.
 */
static void check_verdict(const struct child *child, bool confined, int r)
{
	const struct report *report = &child->reader.report;

	if ((report->kind <= REPORT_UNCONFINED) == confined) {
		CHECK(r == -EPROTO);
		return;
	}
	if (report->kind == REPORT_CONFINED)
		CHECK(r == 0 && child->outcome->layers == report->layers);
	if (report->kind == REPORT_UNCONFINED)
		CHECK(child->error->code == -r &&
		      r == (too_little_granted(report->code) ? -(int)report->code : -EPERM));
	if (report->kind == REPORT_ENTRY)
		CHECK(r == (strcmp(child->reader.name, "taken") == 0 &&
					    options.on_conflict == QFILE_CONFLICT_FAIL
				    ? -EEXIST
				    : 0));
	if (report->kind == REPORT_DONE)
		CHECK(r == (report->code ? -(int)report->code : 1) &&
		      strcmp(child->error->name, child->reader.name) == 0);
}

/* Record by record, as listen_to_child() goes over them. Returns what it should return. */
static int expected(struct child *child)
{
	for (;;) {
		bool confined = child->confined;
		int r = report_receive(&child->reader);

		if (r < 0) {
			CHECK(r == -EPROTO || r == -ECONNRESET);
			return r == -ECONNRESET ? -ECHILD : r;
		}
		if (r == 0)
			continue;
		check_record(&child->reader);
		r = act_on_report(child);
		check_verdict(child, confined, r);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct child child;
	static struct qfile_error error;
	static struct qfile_receive_outcome outcome;
	struct input input = {.bytes = data + 1, .size = size - 1};
	struct report_reader reader = {.fd = -1};
	unsigned descriptors;
	int r;

	if (size < 1)
		return 0;
	options.on_conflict = data[0] & 0x80 ? QFILE_CONFLICT_RENAME : QFILE_CONFLICT_FAIL;
	input.cuts = data[0] & 0x7f;
	reader.fd = input_begin(&input);
	descriptors = fuzz_open_descriptors();
	child = (struct child){.options = &options,
			       .outcome = &outcome,
			       .error = &error,
			       .stream = {.fd = -1},
			       .said = {.fd = -1},
			       .reader = reader};
	r = expected(&child);
	/* In one piece, or in others: it comes to the same. */
	input.cuts ^= 0x15;
	input_begin(&input);
	child.reader = reader;
	child.confined = false;
	CHECK(listen_to_child(&child) == r);
	CHECK(r == 0 || error.code == -r);
	scratch_check_outside();
	CHECK(fuzz_open_descriptors() == descriptors);
	return 0;
}
