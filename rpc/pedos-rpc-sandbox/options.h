/*
 * The command line of pedos-rpc-sandbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPTIONS_H
#define OPTIONS_H
#include "base/services.h"

#include <stdbool.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2
};

struct options {
	bool list;                                  /* name the templates; nothing is served */
	const char *template;                       /* its name */
	const char *service_dirs[SERVICE_DIRS_MAX]; /* NULL at the end */
};

/* Returns -1 to go on, otherwise the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
