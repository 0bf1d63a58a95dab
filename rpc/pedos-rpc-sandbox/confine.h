/*
 * What all sandboxes have in common: the command line of bubblewrap.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CONFINE_H
#define CONFINE_H
#include "process.h"
#include "words.h"

#include <stdint.h>

struct confinement {
	const char *bubblewrap;
	struct words words;       /* its options */
	int fds[PROCESS_FDS_MAX]; /* what has the descriptors 0 and up inside */
	size_t fd_count;
};

/* Find a program in the PATH. Returns its path, which is never freed, or NULL. */
const char *confine_find(const char *name);

/*
 * Begin: bubblewrap with all namespaces new, the filter (filter.h), the programs of the system
 * read-only, and nothing else but empty directories in memory, of `space` bytes each. No
 * environment, and of descriptors these three. What is added later is seen inside, too.
 */
void confine_begin(struct confinement *confinement, const char *bubblewrap, const int fds[3],
		   int filter, uint64_t space);

/* Give it another descriptor. Returns its number inside. */
int confine_pass(struct confinement *confinement, int fd);

/* Make a file with this text inside. */
void confine_add_file(struct confinement *confinement, const char *text, const char *path);

/* Set a variable inside. */
void confine_set(struct confinement *confinement, const char *name, const char *value);

/* Make something of this machine visible there, at the same place, read-only. */
void confine_show(struct confinement *confinement, const char *path);

/*
 * End: from here on, the root directory and /dev are read-only. The words of the command line are
 * added to `command`, and the command to run inside is to follow there.
 */
void confine_end(struct confinement *confinement, struct words *command);

#endif
