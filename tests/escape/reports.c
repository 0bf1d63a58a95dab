/*
 * Lies in the reports to the monitor. None may be believed, make it grow or wait for ever.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int report(struct report record, const char *name, size_t length)
{
	record.namelen = record.namelen ? record.namelen : (uint32_t)length;
	if (write(STDOUT_FILENO, &record, sizeof(record)) < 0)
		return errno;
	return why(write(STDOUT_FILENO, name, length));
}

static int report_entry(const char *name, size_t length)
{
	int error = report((struct report){.kind = REPORT_ENTRY}, name, length);

	return error ? error : HAND_OVER;
}

static int flood(void)
{
	struct report record = {.kind = REPORT_ENTRY, .namelen = 1};
	char records[100][sizeof(record) + 1];

	for (int i = 0; i < 100; i++) {
		memcpy(records[i], &record, sizeof(record));
		records[i][sizeof(record)] = 'x';
	}
	for (int i = 0; i < 500; i++) {
		if (write(STDOUT_FILENO, records, sizeof(records)) < 0)
			return errno;
	}
	return ECANCELED;
}

/* As long as a name may be, without end. */
static int flood_with_names(void)
{
	static char name[255];

	memset(name, 'x', sizeof(name));
	for (int i = 0; i < 5000; i++) {
		if (report_entry(name, sizeof(name)) != HAND_OVER)
			return errno;
	}
	return ECANCELED;
}

/* And send as much of it as the monitor takes. */
static int huge_name(void)
{
	static char name[4096];
	int error = report((struct report){.kind = REPORT_ENTRY, .namelen = UINT32_MAX}, "x", 1);

	memset(name, 'x', sizeof(name));
	for (int i = 0; i < 256 && !error; i++)
		error = why(write(STDOUT_FILENO, name, sizeof(name)));
	return error ? error : HAND_OVER;
}

static int name_too_long_by_one(void)
{
	static char name[QFILE_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	return report_entry(name, sizeof(name));
}

static int name_with_slash(void)
{
	return report_entry("a/b", 3);
}

static int name_absolute(void)
{
	return report_entry(scene.secret, strlen(scene.secret));
}

static int name_above(void)
{
	return report_entry("..", 2);
}

static int name_with_nul(void)
{
	return report_entry("a\0b", 3);
}

static int name_empty(void)
{
	return report_entry("", 0);
}

static int name_of_staging(void)
{
	return report_entry(".qfile-incoming-0123456789abcdef", 32);
}

static int done_with_nul(void)
{
	report((struct report){.kind = REPORT_DONE}, "a\0b", 3);
	return HAND_OVER;
}

static int unknown_kind(void)
{
	report((struct report){.kind = 99}, "", 0);
	return HAND_OVER;
}

static int confined_again(void)
{
	report((struct report){.kind = REPORT_CONFINED, .layers = ~0u}, "", 0);
	return HAND_OVER;
}

static int confined_less(void)
{
	report((struct report){.kind = REPORT_CONFINED, .layers = 0}, "", 0);
	return HAND_OVER;
}

static int unconfined_later(void)
{
	report((struct report){.kind = REPORT_UNCONFINED,
			       .code = EPERM,
			       .layers = QFILE_LAYER_CHROOT},
	       "", 0);
	return HAND_OVER;
}

static int unconfined_with_success(void)
{
	report((struct report){.kind = REPORT_UNCONFINED}, "", 0);
	return HAND_OVER;
}

static int errno_out_of_range(void)
{
	report((struct report){.kind = REPORT_DONE, .code = UINT32_MAX}, "", 0);
	return HAND_OVER;
}

/* Read as a signed number, it would be a success above success. */
static int errno_negative(void)
{
	report((struct report){.kind = REPORT_DONE, .code = 0x80000000u}, "", 0);
	return HAND_OVER;
}

static int half_a_report(void)
{
	struct report record = {.kind = REPORT_DONE};

	if (write(STDOUT_FILENO, &record, sizeof(record) / 2) < 0)
		return errno;
	_exit(0);
}

static int half_a_name(void)
{
	report((struct report){.kind = REPORT_DONE, .namelen = 100}, "x", 1);
	_exit(0);
}

static int no_report(void)
{
	_exit(0);
}

static int closed_report(void)
{
	for (;;) {
		if (close(STDOUT_FILENO) < 0)
			return errno;
	}
}

static int too_few_entries(void)
{
	make_file("file", 0644);
	scene.received.size.entries = 0;
	return HAND_OVER;
}

static int too_many_entries(void)
{
	make_file("file", 0644);
	scene.received.size.entries = UINT64_MAX;
	return HAND_OVER;
}

/* Behind the end of the stream. */
static int end_never(void)
{
	while (poll(NULL, 0, -1) == 0 || errno == EINTR)
		;
	return errno;
}

static int report_for_ever(void)
{
	int r;

	do
		r = report((struct report){.kind = REPORT_ENTRY, .namelen = 1}, "x", 1);
	while (r == ESCAPED);
	return r;
}

#define BELIEVED "the monitor believes it, grows or does not end"
#define CHECKED  "the monitor itself checks this"

const struct attempt report_attempts[] = {
	{"flood", "report 50000 entries", BELIEVED, flood, CHECKED},
	{"flood-names", "report 5000 entries with long names", BELIEVED, flood_with_names, CHECKED},
	{"name-huge", "report a name of 4 GiB", BELIEVED, huge_name, CHECKED},
	{"name-long", "report a name one byte too long", BELIEVED, name_too_long_by_one, CHECKED},
	{"name-slash", "report an entry with a slash", BELIEVED, name_with_slash, CHECKED},
	{"name-absolute", "report a secret's path as an entry", BELIEVED, name_absolute, CHECKED},
	{"name-above", "report the entry ..", BELIEVED, name_above, CHECKED},
	{"name-nul", "report an entry with a NUL", BELIEVED, name_with_nul, CHECKED},
	{"name-empty", "report an entry without a name", BELIEVED, name_empty, CHECKED},
	{"name-staging", "report an entry with a staging directory's name", BELIEVED,
	 name_of_staging, CHECKED},
	{"done-nul", "report to be done with a NUL in the name", BELIEVED, done_with_nul, CHECKED},
	{"kind", "report something that does not exist", BELIEVED, unknown_kind, CHECKED},
	{"confined-again", "report other layers, later", BELIEVED, confined_again, CHECKED},
	{"confined-less", "report no layers, later", BELIEVED, confined_less, CHECKED},
	{"unconfined", "report to be unconfined, later", BELIEVED, unconfined_later, CHECKED},
	{"unconfined-success", "report to be unconfined, with success", BELIEVED,
	 unconfined_with_success, CHECKED},
	{"errno-range", "report an error number out of range", BELIEVED, errno_out_of_range,
	 CHECKED},
	{"errno-negative", "report an error number that would be negative", BELIEVED,
	 errno_negative, CHECKED},
	{"half-report", "die in the middle of a report", BELIEVED, half_a_report, CHECKED},
	{"half-name", "die in the middle of a report's name", BELIEVED, half_a_name, CHECKED},
	{"no-report", "die without a report", BELIEVED, no_report, CHECKED},
	{"closed-report", "close the pipe of the reports", BELIEVED, closed_report, CHECKED},
	{"endless", "never end", BELIEVED, end_never, CHECKED},
	{"endless-flood", "report entries for ever", BELIEVED, report_for_ever, CHECKED},
	{"entries-few", "report fewer entries than there are", BELIEVED, too_few_entries, CHECKED},
	{"entries-many", "report more entries than there are", BELIEVED, too_many_entries, CHECKED},
	{0},
};
