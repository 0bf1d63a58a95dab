/*
 * qfile-unpacker's command line.
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
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* What -w without a number waits for. Older versions did so, too. */
#define DEFAULT_SPACE (500 * MIB)

static const char program[] = "qfile-unpacker";

static const char help[] =
	"Usage: qfile-unpacker [OPTION]... [USER|UID [DIRECTORY]]\n"
	"Receive files from another virtual machine on stdin, as the service PedOS.Filecopy.\n"
	"\n"
	"USER is the account that receives: by default \"user\" if root starts this, else the "
	"caller.\n"
	"DIRECTORY is the place of delivery: by default "
	"~USER/PedOSIncoming/$QREXEC_REMOTE_DOMAIN.\n"
	"\n"
	"      --allow-all-names         accept names with any characters\n"
	"      --allow-unsafe-symlinks   accept links that point anywhere\n"
	"      --no-allow-all-names, --no-allow-unsafe-symlinks\n"
	"                                take these back (the default)\n"
	"      --on-conflict=fail|rename where a name is taken: refuse the delivery (default),\n"
	"                                or keep both: \"report (2).pdf\"\n"
	"      --max-bytes=SIZE          refuse deliveries with more content\n"
	"      --max-files=N             refuse deliveries with more entries\n"
	"      --timeout=SECONDS         give up when the sender is silent for so long (default "
	"600,\n"
	"                                0: never)\n"
	"  -w, --wait-for-space[=SIZE]   begin when SIZE is free (default 500M)\n"
	"  -v, --verbose                 say what happens, and which confinement is in force\n"
	"  -h, --help                    show this help\n"
	"  -V, --version                 show the version\n"
	"\n"
	"SIZE is a number of bytes, or with K, M, G or T of 2^10, 2^20 ... bytes; for -w a number\n"
	"alone means MiB.\n"
	"Exit status: 0 all has arrived and the sender knows, 1 failed, 2 wrong usage.\n"
	"Example: QREXEC_REMOTE_DOMAIN=work qfile-unpacker --on-conflict=rename\n";

enum {
	OPTION_ALL_NAMES = 256,
	OPTION_NO_ALL_NAMES,
	OPTION_LINKS,
	OPTION_NO_LINKS,
	OPTION_CONFLICT,
	OPTION_BYTES,
	OPTION_FILES,
	OPTION_TIMEOUT
};

static const struct option long_options[] = {
	{"allow-all-names", no_argument, NULL, OPTION_ALL_NAMES},
	{"no-allow-all-names", no_argument, NULL, OPTION_NO_ALL_NAMES},
	{"allow-unsafe-symlinks", no_argument, NULL, OPTION_LINKS},
	{"no-allow-unsafe-symlinks", no_argument, NULL, OPTION_NO_LINKS},
	{"on-conflict", required_argument, NULL, OPTION_CONFLICT},
	{"max-bytes", required_argument, NULL, OPTION_BYTES},
	{"max-files", required_argument, NULL, OPTION_FILES},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"wait-for-space", optional_argument, NULL, 'w'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static bool parse_seconds(const char *text, unsigned *seconds)
{
	uint64_t count;

	if (!parse_count(text, &count) || count > UINT_MAX)
		return false;
	*seconds = (unsigned)count;
	return true;
}

static bool parse_conflict(const char *text, enum qfile_conflict *on_conflict)
{
	*on_conflict = strcmp(text, "rename") == 0 ? QFILE_CONFLICT_RENAME : QFILE_CONFLICT_FAIL;
	return *on_conflict == QFILE_CONFLICT_RENAME || strcmp(text, "fail") == 0;
}

static bool parse_positional(struct options *options, const char *argument)
{
	if (!options->user)
		options->user = argument;
	else if (!options->directory)
		options->directory = argument;
	else
		return false;
	return true;
}

/* The command line of older versions: "UID DIRECTORY -w N", where N is a separate argument. */
static const char *separate_number(const struct options *options, int argc, char **argv)
{
	uint64_t number;

	if (optarg || !options->directory || optind >= argc || !parse_count(argv[optind], &number))
		return optarg;
	return argv[optind++];
}

/* What holds if the command line says nothing else. */
static void begin_with(struct options *options, const struct settings *settings)
{
	*options = (struct options){
		.incoming = settings->incoming,
		.flags = (settings->unpacker.all_names ? QFILE_ALLOW_ALL_NAMES : 0) |
			 (settings->unpacker.unsafe_links ? QFILE_ALLOW_UNSAFE_LINKS : 0),
		.on_conflict =
			settings->unpacker.rename ? QFILE_CONFLICT_RENAME : QFILE_CONFLICT_FAIL,
		.limits = {settings->unpacker.max_bytes, settings->unpacker.max_files},
		.timeout = settings->unpacker.timeout,
		.wait_for_space = settings->unpacker.wait_for_space,
	};
}

int options_parse(struct options *options, const struct settings *settings, int argc, char **argv)
{
	int option;

	begin_with(options, settings);
	/* "-": arguments that are no options come in order, as code 1. */
	while ((option = getopt_long(argc, argv, "-w::vhV", long_options, NULL)) != -1) {
		switch (option) {
		case 1:
			if (!parse_positional(options, optarg))
				return usage_value(program, "too many arguments:", optarg);
			break;
		case OPTION_ALL_NAMES:
			options->flags |= QFILE_ALLOW_ALL_NAMES;
			break;
		case OPTION_NO_ALL_NAMES:
			options->flags &= ~QFILE_ALLOW_ALL_NAMES;
			break;
		case OPTION_LINKS:
			options->flags |= QFILE_ALLOW_UNSAFE_LINKS;
			break;
		case OPTION_NO_LINKS:
			options->flags &= ~QFILE_ALLOW_UNSAFE_LINKS;
			break;
		case OPTION_CONFLICT:
			if (!parse_conflict(optarg, &options->on_conflict))
				return usage_value(
					program, "--on-conflict takes fail or rename, not", optarg);
			break;
		case OPTION_BYTES:
			if (!parse_size(optarg, 1, &options->limits.bytes))
				return usage_value(program,
						   "--max-bytes takes a size such as 500M, not",
						   optarg);
			break;
		case OPTION_FILES:
			if (!parse_count(optarg, &options->limits.files))
				return usage_value(program, "--max-files takes a number, not",
						   optarg);
			break;
		case OPTION_TIMEOUT:
			if (!parse_seconds(optarg, &options->timeout))
				return usage_value(program,
						   "--timeout takes a number of seconds, not",
						   optarg);
			break;
		case 'w':
			optarg = (char *)separate_number(options, argc, argv);
			options->wait_for_space = DEFAULT_SPACE;
			if (optarg && !parse_size(optarg, MIB, &options->wait_for_space))
				return usage_value(program,
						   "--wait-for-space takes a size such as 500M, "
						   "not",
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
	while (optind < argc) { /* after "--" */
		if (!parse_positional(options, argv[optind++]))
			return usage_value(program, "too many arguments:", argv[optind - 1]);
	}
	return -1;
}
