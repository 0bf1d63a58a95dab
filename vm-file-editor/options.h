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
#include "cli/settings/settings.h"

#include <qfile.h>

struct options {
	const char *handler; /* a shell command, which gets the file's path as one more word */
	uint64_t max_bytes;
	bool verbose;
};

/* The handler that is used if none is given. */
extern const char default_handler[];

/*
 * Parse the command line; what it does not say, the settings do. Returns -1, or the exit status if
 * there is nothing left to do.
 */
int options_parse(struct options *options, const struct settings *settings, int argc, char **argv);

#endif
