/*
 * Help, version and wrong usage: the same for all programs.
 *
 * The room cli: what the programs' command lines share. It may use the public header, system/ and
 * text/, but no other header of the library. Unlike the library it may read the environment, write
 * to stdout and stderr, and handle signals.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_PARTLY = 3 /* done, but not with everything */
};

/* Show the text of --help. Returns the exit status. */
int usage_help(const char *help);
/* Show the version of `program`. Returns the exit status. */
int usage_version(const char *program);
/*
 * Say what is wrong (NULL: getopt(3) has said it), and how to get help. Returns the exit status.
 */
int usage_wrong(const char *program, const char *what);
/*
 * The same where getopt(3) has just said so of an option: argv[at] or the word before it. A file
 * that is called so is what the user may have meant.
 */
int usage_option(const char *program, char *const argv[], int at);
/* The same for the wrong value of an option, which is shown after `what`. */
int usage_value(const char *program, const char *what, const char *value);

#endif
