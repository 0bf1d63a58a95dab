/*
 * qfile-agent's command line.
 *
 * The room qfile-agent: options in, calls of the library, messages and an exit status out. It may
 * use cli/ and system/, and the library only through the public header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "cli/calling.h"
#include "cli/settings/settings.h"

#include <stdbool.h>
#include <stddef.h>

struct options {
	struct calling_options calling;
	int progress_fd; /* for JSON; -1: none */
	bool move, dry_run;
	unsigned flags; /* QFILE_IGNORE_LINKS, QFILE_DEREFERENCE, ... */
	/* The patterns of --exclude, and NULL. */
	const char **exclude;
	size_t excluded;  /* how many they are */
	char **arguments; /* the files */
	size_t count;
};

/* What qfile-agent calls, as options_parse() has named it. */
extern struct calling_peer receiver;

/*
 * Parse the command line; what it does not say, the settings do, whose names are used on. Returns
 * -1, or the exit status if there is nothing left to do.
 */
int options_parse(struct options *options, const struct settings *settings, int argc, char **argv);

#endif
