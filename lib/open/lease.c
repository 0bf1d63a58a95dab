/*
 * Has anybody a file open for writing? A lease tells.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

enum writing lease_ask(int fd)
{
	/*
	 * Who opens the file while we have the lease makes the kernel send us a signal: one that is
	 * ignored by default, rather than SIGIO, which ends a process.
	 */
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return WRITING_UNKNOWN;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN ? WRITING_SOMEBODY : WRITING_UNKNOWN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return WRITING_NOBODY;
}
