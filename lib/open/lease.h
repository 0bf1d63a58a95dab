/*
 * Has anybody a file open for writing? A lease tells.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_LEASE_H
#define OPEN_LEASE_H

enum writing {
	WRITING_NOBODY,
	WRITING_SOMEBODY,
	WRITING_UNKNOWN /* that cannot be seen */
};

/*
 * Has anybody the file open for writing that is open as `fd`, for reading only? The kernel grants a
 * read lease only where nobody has, be it a process, a mapping or the kernel itself. It grants none
 * on some file systems, and to nobody but the file's owner: then that is unknown.
 */
enum writing lease_ask(int fd);

#endif
