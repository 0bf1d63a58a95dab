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
#include <qfile.h>

struct options {
	const char *user, *directory; /* NULL: not given */
	unsigned flags;               /* QFILE_ALLOW_* */
	enum qfile_conflict on_conflict;
	struct qfile_limits limits;
	unsigned timeout; /* seconds; 0: none */
	uint64_t wait_for_space;
	bool verbose;
};

/* Parse the command line. Returns -1, or the exit status if there is nothing left to do. */
int options_parse(struct options *options, int argc, char **argv);

#endif
