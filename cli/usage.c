/*
 * Help, version and wrong usage: the same for all programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/usage.h"

#include "system/told.h"
#include "text/printable.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int usage_help(const char *help)
{
	return told(help) ? 0 : EXIT_FAILED;
}

int usage_version(const char *program)
{
	char text[128];

	snprintf(text, sizeof(text), "%s (qfilecopy) %s\n", program, QFILE_VERSION);
	return told(text) ? 0 : EXIT_FAILED;
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
