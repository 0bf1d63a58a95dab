/*
 * qfile-unpacker's command line.
 *
 * The room qfile-unpacker: options in, calls of the library, messages and an exit status out. It
 * may use cli/ and system/, and the library only through the public header. It never reads its
 * stdin: that is for the library's confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "cli/settings/settings.h"

#include <qfile.h>

struct options {
	const char *user, *directory; /* NULL: not given */
	const char *incoming;         /* the directory at home, if no other is given */
	unsigned flags;               /* QFILE_ALLOW_* */
	enum qfile_conflict on_conflict;
	struct qfile_limits limits;
	unsigned timeout; /* seconds; 0: none */
	uint64_t wait_for_space;
	bool verbose;
};

/*
 * Parse the command line; what it does not say, the settings do, whose names are used on. Returns
 * -1, or the exit status if there is nothing left to do.
 */
int options_parse(struct options *options, const struct settings *settings, int argc, char **argv);

#endif
