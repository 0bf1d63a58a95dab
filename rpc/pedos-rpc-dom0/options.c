/*
 * pedos-rpc-dom0's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"
#include "text/printable.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_POLICY "/etc/pedos-rpc/policy.d"

static const char help[] =
	"Usage: pedos-rpc-dom0 [OPTION]...\n"
	"Tell Xen's guests, through xenstore, whom they may call and who may call them.\n"
	"Runs in dom0.\n"
	"\n"
	"      --policy=DIR   the directory of the policy, files *.policy\n"
	"                     (default " DEFAULT_POLICY ")\n"
	"      --foreground   do not go to the background\n"
	"      --once         write the tables and exit\n"
	"      --clear        remove all tables and exit\n"
	"  -h, --help         show this help\n"
	"  -V, --version      show the version\n"
	"\n"
	"SIGHUP reads the policy again; SIGTERM ends this program and removes the tables.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n"
	"Example: pedos-rpc-dom0 --policy=./policy.d --foreground\n";

enum {
	OPTION_POLICY = 256,
	OPTION_FOREGROUND,
	OPTION_ONCE,
	OPTION_CLEAR
};

static const struct option long_options[] = {
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"foreground", no_argument, NULL, OPTION_FOREGROUND},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"clear", no_argument, NULL, OPTION_CLEAR},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* After a message that says what is wrong. */
static int usage(void)
{
	fputs("Try 'pedos-rpc-dom0 --help'.\n", stderr);
	return EXIT_USAGE;
}

static int check(const struct options *options, int argc, char **argv)
{
	char text[256];

	if (optind < argc) {
		text_printable(argv[optind], strlen(argv[optind]), text, sizeof(text));
		warnx("there are only options, no other arguments such as \"%s\"", text);
		return usage();
	}
	if (options->once && options->clear) {
		warnx("--once writes the tables, --clear removes them: choose one");
		return usage();
	}
	if (!*options->policy) {
		warnx("--policy takes a directory");
		return usage();
	}
	return -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.policy = DEFAULT_POLICY};
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_POLICY:
			options->policy = optarg;
			break;
		case OPTION_FOREGROUND:
			options->foreground = true;
			break;
		case OPTION_ONCE:
			options->once = true;
			break;
		case OPTION_CLEAR:
			options->clear = true;
			break;
		case 'h':
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : 0;
		case 'V':
			return printf("pedos-rpc-dom0 (qfilecopy) %s\n", QFILE_VERSION) < 0 ||
					       fflush(stdout) != 0
				       ? EXIT_FAILED
				       : 0;
		default: /* getopt has printed what is wrong */
			return usage();
		}
	}
	return check(options, argc, argv);
}
