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
	const char *policy; /* its directory */
	bool foreground;
	bool once;  /* write the tables and exit */
	bool clear; /* remove them and exit */
};

/* Returns -1 to go on, otherwise the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
