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

int usage_value(const char *program, const char *what, const char *value)
{
	char text[256];

	text_printable(value, strlen(value), text, sizeof(text));
	warnx("%s \"%s\"", what, text);
	return usage_wrong(program, NULL);
}
