/*
 * Reports: what the confined child tells the monitor.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/report.h"

#include "io/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int report_send(int fd, const struct report *report, const char *name)
{
	int r = stream_write_full(fd, report, sizeof(*report));

	return r < 0 ? r : stream_write_full(fd, name, report->namelen);
}

/* May a report of this kind have this name? */
static bool name_ok(const struct report_reader *reader)
{
	const struct report *untrusted = &reader->report;

	if (memchr(reader->name, '\0', untrusted->namelen))
		return false;
	if (untrusted->kind != REPORT_ENTRY)
		return true;
	/*
	 * The monitor looks this name up in the incoming directory, so it must be one component
	 * that leads nowhere else.
	 */
	return !memchr(reader->name, '/', untrusted->namelen) &&
	       qfile_name_check(reader->name, untrusted->namelen, QFILE_ALLOW_ALL_NAMES) == 0;
}

int report_receive(struct report_reader *reader)
{
	const struct report *untrusted = &reader->report;
	size_t fixed = sizeof(reader->report);
	bool in_name = reader->used >= fixed;
	char *to = in_name ? reader->name + (reader->used - fixed)
			   : (char *)&reader->report + reader->used;
	size_t size = in_name ? fixed + untrusted->namelen - reader->used : fixed - reader->used;
	ssize_t n = read(reader->fd, to, size);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	reader->used += (size_t)n;
	if (reader->used < fixed)
		return 0;
	if (untrusted->kind > REPORT_DONE || untrusted->namelen > QFILE_NAME_MAX ||
	    /* No errno is larger. */
	    (untrusted->code > 4095 && untrusted->code != QFILE_ETRUNCATED))
		return -EPROTO;
	if (reader->used < fixed + untrusted->namelen)
		return 0;
	reader->name[untrusted->namelen] = '\0';
	if (!name_ok(reader))
		return -EPROTO;
	reader->used = 0; /* for the next report */
	return 1;
}
