/*
 * vm-file-editor's command line.
 *
 * The room vm-file-editor: options in, a session of the editor, messages and an exit status out. It
 * may use cli/, system/, lib/open and lib/open/editor.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include <qfile.h>

struct options {
	const char *handler; /* what a shell runs with the file's path behind it */
	uint64_t max_bytes;
	bool verbose;
};

/* What opens files where no handler is named. */
extern const char default_handler[];

/* Parse. Returns -1, or the exit status where there is nothing left to do. */
int options_parse(struct options *options, int argc, char **argv);

#endif
