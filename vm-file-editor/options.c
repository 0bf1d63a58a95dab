/*
 * vm-file-editor's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/number.h"
#include "cli/settings/help.h"
#include "cli/usage.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char default_handler[] = "xdg-open";

static const char program[] = "vm-file-editor";

static const char help[] =
	"Usage: vm-file-editor [OPTION]...\n"
	"Show a file of another virtual machine, which comes on stdin, and send what is saved "
	"back,\n"
	"as the service PedOS.OpenInVM.\n"
	"\n"
	"      --handler=COMMAND  open the file with this shell command, which gets the file's\n"
	"                         path as one more word (default xdg-open)\n"
	"      --max-bytes=SIZE   refuse larger files\n"
	"  -v, --verbose          say what happens\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"SIZE is a number of bytes, or with K, M, G or T of 2^10, 2^20 ... bytes.\n"
	"Exit status: 0 all was well and the VM that asked knows, 1 failed, 2 wrong usage.\n"
	"Example, in a service file: exec vm-file-editor --handler='gedit --wait'\n";

enum {
	OPTION_HANDLER = 256,
	OPTION_BYTES
};

static const struct option long_options[] = {
	{"handler", required_argument, NULL, OPTION_HANDLER},
	{"max-bytes", required_argument, NULL, OPTION_BYTES},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

int options_parse(struct options *options, const struct settings *settings, int argc, char **argv)
{
	int option;

	*options = (struct options){.handler = default_handler,
				    .max_bytes = settings->editor_max_bytes};
	while ((option = getopt_long(argc, argv, "vhV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_HANDLER:
			if (strspn(optarg, " \t\n") == strlen(optarg))
				return usage_value(program,
						   "--handler takes a command such as xdg-open, "
						   "not",
						   optarg);
			options->handler = optarg;
			break;
		case OPTION_BYTES:
			if (!parse_size(optarg, 1, &options->max_bytes))
				return usage_value(program,
						   "--max-bytes takes a size such as 500M, not",
						   optarg);
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			return settings_help(help, settings);
		case 'V':
			return usage_version(program);
		default: /* getopt has said what is wrong */
			return usage_wrong(program, NULL);
		}
	}
	return optind < argc
		       ? usage_value(program, "this program takes options only, not", argv[optind])
		       : -1;
}
