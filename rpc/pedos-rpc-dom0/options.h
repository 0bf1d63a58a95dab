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

#define BOUND_MOST 32 /* the largest bound of disposable VMs */

struct options {
	const char *policy;       /* its directory */
	const char *disposables;  /* the directory of the templates of disposable VMs */
	unsigned max_disposables; /* at once, of all sources */
	unsigned max_per_vm;      /* of one source */
	unsigned boot_timeout;    /* seconds until a disposable VM must be ready */
	const char *prompt;       /* the command that asks; NULL: none */
	unsigned prompt_timeout;  /* seconds until no answer is a no */
	const char *xl_socket;    /* who listens there starts xl; NULL: this program */
	bool foreground;
	bool check;    /* say whether the policy can be used, and exit */
	bool once;     /* write the tables and exit */
	bool clear;    /* remove them and exit */
	bool serve_xl; /* serve a request for xl, which comes on stdin, and exit */
};

/* Returns -1 to go on, otherwise the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif
