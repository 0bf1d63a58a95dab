/*
 * What the confined child tells the monitor, over a pipe: fixed-size records, each followed by a
 * bounded name.
 *
 * The child may have been taken over by the sender: the monitor believes nothing here that it does
 * not check.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPORT_H
#define REPORT_H
#include <qfile.h>

enum report_kind {
	REPORT_CONFINED,   /* layers: in force */
	REPORT_UNCONFINED, /* code: why not; layers: the one that failed */
	/* name: a top-level entry that is being created; its content has not been read yet. */
	REPORT_ENTRY,
	REPORT_DONE, /* code: 0 or why it failed; name: the entry last worked on */
};

struct report {
	uint32_t kind;
	uint32_t code;
	uint32_t layers;
	uint32_t namelen;
	struct qfile_received received;
};

/* The child's side. */
int report_send(int fd, const struct report *report, const char *name);

/* The monitor's side: collects one record, however it is cut into pieces. */
struct report_reader {
	int fd;
	size_t used;
	struct report report;          /* checked once report_receive() returned 1 */
	char name[QFILE_NAME_MAX + 1]; /* NUL-terminated */
};

/*
 * Read what is there, once. Returns 1 when a record is complete, 0 when not yet, -ECONNRESET at the
 * end of the pipe, -EPROTO for a record that the child of an honest build never writes.
 */
int report_receive(struct report_reader *reader);

#endif
