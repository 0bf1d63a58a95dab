/*
 * Who has a file open for writing, through a descriptor or a shared mapping?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WRITERS_H
#define WRITERS_H
#include "open/editor/workdir.h"
#include "open/holders/process.h"
#include "open/lease.h"

#include <sys/types.h>

#define WRITERS_MAX 16

struct writers {
	unsigned count;
	bool all; /* there are no others, as far as processes of the same user are concerned */
	struct writer {
		pid_t pid;
		int fd;    /* -1: a mapping */
		bool only; /* open for writing only, so that its content was not looked at */
	} list[WRITERS_MAX];
};

/*
 * As lease_ask(), where there are no leases, too: then /proc is searched for processes of the same
 * user. WRITING_UNKNOWN: nobody is seen, but not everybody can be seen.
 */
enum writing writers_ask(const struct workdir *workdir, int fd);
/* Search /proc for who has the file in the working directory with this status open for writing. */
void writers_find(struct writers *writers, const struct workdir *workdir,
		  const struct stat *status);
/* How many of these are not among `before`? */
unsigned writers_new(const struct writers *writers, const struct writers *before);
/* Does any of those have it open for writing only? */
bool writers_new_only(const struct writers *writers, const struct writers *before);
/*
 * What has become of them? PROCESS_KILLED if that is so of any, otherwise PROCESS_LIVES, otherwise
 * PROCESS_GONE, otherwise PROCESS_EXITED. PROCESS_LIVES, too, if there are none. `open`: one of
 * them has the file open still; otherwise those who live have closed it, and what others are that
 * had the same descriptor says nothing.
 */
enum process_state writers_state(const struct writers *writers, bool open);
/* Does any have it mapped? */
bool writers_map(const struct writers *writers);
/*
 * Does anybody have a write lock on a part of the file, as a database within a transaction? A lock
 * on the whole of it only keeps others away.
 */
bool writers_lock(int fd);

#endif
