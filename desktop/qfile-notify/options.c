/*
 * qfile-notify's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/settings/help.h"
#include "cli/usage.h"

#include <getopt.h>
#include <stddef.h>

static const char program[] = "qfile-notify";

static const char help[] =
	"Usage: qfile-notify [OPTION]...\n"
	"Show a notice on the desktop when files have arrived in PedOSIncoming, or were refused.\n"
	"It is started with the session of a user, and ends with it.\n"
	"\n"
	"  -h, --help       show this help\n"
	"  -V, --version    show the version\n"
	"\n"
	"Exit status: 0 a signal ended it, 1 it could not start or go on, 2 wrong usage.\n"
	"Example: qfile-notify &\n";

static const struct option long_options[] = {
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

int options_parse(const struct settings *settings, int argc, char **argv)
{
	switch (getopt_long(argc, argv, "hV", long_options, NULL)) {
	case 'h':
		return settings_help(help, settings);
	case 'V':
		return usage_version(program);
	case -1:
		return argv[optind] ? usage_value(program, "it takes no arguments, such as",
						  argv[optind])
				    : -1;
	default: /* getopt has said what is wrong */
		return usage_wrong(program, NULL);
	}
}
