/*
 * Help, version and wrong usage: the same for all programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/usage.h"

#include "text/printable.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The exit status after writing to stdout: a full disk, for example, is a failure. */
static int shown(int written)
{
	if (written >= 0 && fflush(stdout) == 0)
		return 0;
	warn("writing to stdout");
	return EXIT_FAILED;
}

int usage_help(const char *help)
{
	return shown(fputs(help, stdout));
}

int usage_version(const char *program)
{
	return shown(printf("%s (qfilecopy) %s\n", program, QFILE_VERSION));
}

int usage_wrong(const char *program, const char *what)
{
	if (what)
		warnx("%s", what);
	fprintf(stderr, "Try '%s --help'.\n", program);
	return EXIT_USAGE;
}

int usage_option(const char *program, char *const argv[], int at)
{
	char name[256];

	/* getopt() goes on to the next word when it has seen all letters of one. */
	for (int i = at; i >= at - 1 && i > 0; i--) {
		if (!argv[i] || argv[i][0] != '-' || access(argv[i], F_OK) < 0)
			continue;
		text_printable(argv[i], strlen(argv[i]), name, sizeof(name));
		warnx("for the file that is called so, write \"./%s\"", name);
	}
	return usage_wrong(program, NULL);
}

int usage_value(const char *program, const char *what, const char *value)
{
	char text[256];

	text_printable(value, strlen(value), text, sizeof(text));
	warnx("%s \"%s\"", what, text);
	return usage_wrong(program, NULL);
}
