/*
 * Finding out whether a command leads to a receiver, before anything is sent to it.
 *
 * A command can lead to a shell, and a shell runs what it reads: whoever made the files would have
 * typed into it. So a command that does not name the receiver is called twice, first with a
 * delivery of nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "probe.h"

#include "cli/via.h"
#include "explain.h"
#include "lost.h"
#include "options.h"

#include <errno.h>
#include <poll.h>
#include <qfile.h>
#include <string.h>

/* The CRC-32 of the end of a transfer, which is 32 zero bytes. */
#define EMPTY_CRC 0x190a55adu

int probe_receiver(const struct calling_options *calling, int stop, int signals,
		   struct ending *ending)
{
	static const unsigned char end_of_transfer[QFILE_HEADER_SIZE];
	static struct qfile_result result;
	struct qfile_error error = {.doing = "running a shell"};
	struct pollfd signalled = {.fd = signals, .events = POLLIN};
	unsigned char answer[QFILE_RESULT_SIZE];
	struct via_end end;
	struct explain about = {
		.calling = calling, .end = &end, .error = &error, .result = &result};
	ssize_t n = via_ask(calling, &receiver, stop, end_of_transfer, sizeof(end_of_transfer),
			    answer, sizeof(answer), &end);
	int r = n < 0 ? (int)n : -EPROTO;

	if (n == (ssize_t)sizeof(answer)) {
		qfile_result_decode(answer, &result);
		if (result.code == 0 && result.crc == EMPTY_CRC)
			return 0;
		/* A receiver that cannot receive gets nothing either, and has said why. */
		if (result.code != 0 && (result.code < 4096 || result.code == QFILE_ETRUNCATED))
			r = -EREMOTEIO;
	}
	error.code = -r;
	about.closed = poll(&signalled, 1, 0) == 0;
	if (r == -EPROTO)
		explain_no_receiver(&about, n > 0, ending);
	else
		explain_failure(&about, r, ending);
	return r;
}
