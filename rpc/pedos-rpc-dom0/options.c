/*
 * pedos-rpc-dom0's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"
#include "system/told.h"
#include "text/printable.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_POLICY      "/etc/pedos-rpc/policy.d"
#define DEFAULT_DISPOSABLES "/etc/pedos-rpc/disposables"
#define SECONDS_MOST        86400

static const char help[] =
	"Usage: pedos-rpc-dom0 [OPTION]...\n"
	"Tell Xen's guests, through xenstore, whom they may call and who may call them, and\n"
	"make disposable VMs for their calls. Runs in dom0.\n"
	"\n"
	"      --policy=DIR   the directory of the policy, files *.policy\n"
	"                     (default " DEFAULT_POLICY ")\n"
	"      --disposables=DIR\n"
	"                     the directory of the templates of disposable VMs, files\n"
	"                     TEMPLATE.cfg for xl, and TEMPLATE.conf\n"
	"                     (default " DEFAULT_DISPOSABLES ")\n"
	"      --max-disposables=N\n"
	"                     disposable VMs at once, of all callers (1 to 32, default 8)\n"
	"      --max-per-vm=N the same of one caller (1 to 32, default 4)\n"
	"      --boot-timeout=SECONDS\n"
	"                     a disposable VM that is not ready then is destroyed (default 120)\n"
	"      --prompt=COMMAND\n"
	"                     if the policy says ask, run COMMAND SOURCE TARGET SERVICE; status 0\n"
	"                     allows the call (default: none, and ask denies)\n"
	"      --prompt-timeout=SECONDS\n"
	"                     no answer for so long is a no (default 300)\n"
	"      --xl-socket=SOCKET\n"
	"                     have xl started by a --serve-xl that listens there\n"
	"      --foreground   do not go to the background\n"
	"      --check        say whether the policy can be used, and exit\n"
	"      --once         write the tables and exit\n"
	"      --clear        remove all tables and exit\n"
	"      --serve-xl     serve the request of an --xl-socket on stdin, and exit\n"
	"  -h, --help         show this help\n"
	"  -V, --version      show the version\n"
	"\n"
	"SIGHUP reads the policy and the templates again; SIGTERM ends this program, destroys\n"
	"disposable VMs, and removes the tables.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.\n"
	"Example: pedos-rpc-dom0 --policy=./policy.d --foreground\n";

enum {
	OPTION_POLICY = 256,
	OPTION_DISPOSABLES,
	OPTION_MAX_DISPOSABLES,
	OPTION_MAX_PER_VM,
	OPTION_BOOT_TIMEOUT,
	OPTION_PROMPT,
	OPTION_PROMPT_TIMEOUT,
	OPTION_XL_SOCKET,
	OPTION_FOREGROUND,
	OPTION_CHECK,
	OPTION_ONCE,
	OPTION_CLEAR,
	OPTION_SERVE_XL
};

static const struct option long_options[] = {
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"disposables", required_argument, NULL, OPTION_DISPOSABLES},
	{"max-disposables", required_argument, NULL, OPTION_MAX_DISPOSABLES},
	{"max-per-vm", required_argument, NULL, OPTION_MAX_PER_VM},
	{"boot-timeout", required_argument, NULL, OPTION_BOOT_TIMEOUT},
	{"prompt", required_argument, NULL, OPTION_PROMPT},
	{"prompt-timeout", required_argument, NULL, OPTION_PROMPT_TIMEOUT},
	{"xl-socket", required_argument, NULL, OPTION_XL_SOCKET},
	{"foreground", no_argument, NULL, OPTION_FOREGROUND},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"clear", no_argument, NULL, OPTION_CLEAR},
	{"serve-xl", no_argument, NULL, OPTION_SERVE_XL},
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
	if (options->check + options->once + options->clear + options->serve_xl > 1) {
		warnx("--check only looks, --once writes the tables, --clear removes them, "
		      "--serve-xl starts xl: choose one");
		return usage();
	}
	if (!*options->policy || !*options->disposables) {
		warnx("--policy and --disposables take a directory");
		return usage();
	}
	return -1;
}

/* A number from 1 to `most`, in decimal. False, after a message: it is none. */
static bool take_number(const char *option, unsigned most, unsigned *number)
{
	char *end;
	unsigned long n = strtoul(optarg, &end, 10);

	if (*optarg >= '1' && *optarg <= '9' && !*end && n <= most) {
		*number = (unsigned)n;
		return true;
	}
	warnx("--%s takes a number from 1 to %u", option, most);
	return false;
}

/* Take one option. False, after a message: it is wrong. */
static bool take(struct options *options, int option)
{
	switch (option) {
	case OPTION_POLICY:
		options->policy = optarg;
		return true;
	case OPTION_DISPOSABLES:
		options->disposables = optarg;
		return true;
	case OPTION_MAX_DISPOSABLES:
		return take_number("max-disposables", BOUND_MOST, &options->max_disposables);
	case OPTION_MAX_PER_VM:
		return take_number("max-per-vm", BOUND_MOST, &options->max_per_vm);
	case OPTION_BOOT_TIMEOUT:
		return take_number("boot-timeout", SECONDS_MOST, &options->boot_timeout);
	case OPTION_PROMPT:
		options->prompt = optarg;
		return true;
	case OPTION_PROMPT_TIMEOUT:
		return take_number("prompt-timeout", SECONDS_MOST, &options->prompt_timeout);
	case OPTION_XL_SOCKET:
		options->xl_socket = optarg;
		return true;
	case OPTION_FOREGROUND:
		options->foreground = true;
		return true;
	case OPTION_CHECK:
		options->check = true;
		return true;
	case OPTION_ONCE:
		options->once = true;
		return true;
	case OPTION_CLEAR:
		options->clear = true;
		return true;
	case OPTION_SERVE_XL:
		options->serve_xl = true;
		return true;
	default: /* getopt has printed what is wrong */
		return false;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.policy = DEFAULT_POLICY,
				    .disposables = DEFAULT_DISPOSABLES,
				    .max_disposables = 8,
				    .max_per_vm = 4,
				    .boot_timeout = 120,
				    .prompt_timeout = 300};
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (option == 'h')
			return told(help) ? 0 : EXIT_FAILED;
		if (option == 'V')
			return told("pedos-rpc-dom0 (qfilecopy) " QFILE_VERSION "\n") ? 0
										      : EXIT_FAILED;
		if (!take(options, option))
			return usage();
	}
	return check(options, argc, argv);
}
