/*
 * Reports: what the confined child tells the monitor, over a pipe. Each has a fixed size, and a
 * name of limited length after it.
 *
 * The sender may have taken over the child, so the monitor checks everything in a report.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPORT_H
#define REPORT_H
#include <qfile.h>

enum report_kind {
	REPORT_CONFINED,   /* layers: those in force */
	REPORT_UNCONFINED, /* code: why; layers: the one that failed */
	/* name: a top-level entry, before it is made and its content is read */
	REPORT_ENTRY,
	REPORT_GROWN, /* so many more entries have come that they are worth writing to the disk */
	REPORT_UNSYNCED, /* files here cannot be synced one by one */
	REPORT_DONE,     /* code: 0, or why unpacking failed; name: the entry last worked on */
};

struct report {
	uint32_t kind;
	uint32_t code;
	uint32_t layers;
	uint32_t namelen;
	struct qfile_received received;
};

/* The child's side: send a report and a name of report->namelen bytes. */
int report_send(int fd, const struct report *report, const char *name);

/* The monitor's side: collects one report, which may come in pieces. */
struct report_reader {
	int fd;
	size_t used;
	struct report report;          /* checked when report_receive() has returned 1 */
	char name[QFILE_NAME_MAX + 1]; /* NUL-terminated */
};

/*
 * Read once. Returns 1 if the report is complete, and 0 if it is not yet. -ECONNRESET: the end of
 * the pipe. -EPROTO: a report that only a child that was taken over sends.
 */
int report_receive(struct report_reader *reader);

#endif
