/*
 * pedos-rpc-dom0's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdbool.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

struct options {
	const char *policy; /* a directory */
	bool foreground;
	bool once;  /* write the tables and exit */
	bool clear; /* remove them and exit */
};

/* Parse. Returns -1, or the exit status where there is nothing left to do. */
int options_parse(struct options *options, int argc, char **argv);

#endif
