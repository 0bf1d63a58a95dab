/*
 * qfile-agent's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/number.h"
#include "cli/usage.h"

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "qfile-agent";

static const char help[] =
	"Usage: qfile-agent --vm=NAME [OPTION]... FILE...\n"
	"       qfile-agent --via=COMMAND [OPTION]... FILE...\n"
	"       qfile-agent [OPTION]... FILE...\n"
	"Copy files and directories to another virtual machine, into PedOSIncoming there.\n"
	"\n"
	"Whom to send to:\n"
	"      --vm=NAME          the VM of this name, through the rpc client\n"
	"      --service=NAME     the service to call there (default PedOS.Filecopy)\n"
	"      --via=COMMAND      a shell command whose stdin and stdout lead to a receiver,\n"
	"                         such as 'ssh host qfile-unpacker'\n"
	"  Without either, speak the Filecopy format on stdin and stdout, for an rpc client.\n"
	"\n"
	"What to ask the receiver for (with --vm):\n"
	"      --rename           keep both where a name is taken: \"report (2).pdf\"\n"
	"      --allow-all-names  accept names with any characters\n"
	"\n"
	"What to send:\n"
	"      --ignore-symlinks  leave symbolic links out\n"
	"  -L, --dereference      send what symbolic links point to\n"
	"      --exclude=PATTERN  leave out what matches, such as '*.o', /top, dir/, a/**/b\n"
	"      --skip-unreadable  leave out what cannot be read, instead of sending nothing\n"
	"      --move             remove what was sent, once the receiver has confirmed it\n"
	"      --any-time         with --move: even if its time could not be sent\n"
	"      --dry-run          call nobody; say what would be sent, and what would not\n"
	"\n"
	"      --progress=WHEN    auto, tty, json or none (default auto: where stderr is a "
	"terminal)\n"
	"      --progress-fd=N    for programs: json on descriptor N, where nobody else writes\n"
	"  -v, --verbose          also say which times could not be sent\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 all was copied, 1 nothing was, 2 wrong usage, 3 it was copied, but not\n"
	"everything, or not everything could be removed: what, is said;\n"
	"with --vm also 125, 126 and 127: see pedos-rpc(1).\n"
	"Example: qfile-agent --vm=work report.pdf photos/\n";

enum {
	OPTION_VM = 256,
	OPTION_VIA,
	OPTION_SERVICE,
	OPTION_RENAME,
	OPTION_ALL_NAMES,
	OPTION_MOVE,
	OPTION_IGNORE,
	OPTION_EXCLUDE,
	OPTION_SKIP,
	OPTION_ANY_TIME,
	OPTION_DRY_RUN,
	OPTION_PROGRESS,
	OPTION_PROGRESS_FD
};

static const struct option long_options[] = {
	{"vm", required_argument, NULL, OPTION_VM},
	{"via", required_argument, NULL, OPTION_VIA},
	{"service", required_argument, NULL, OPTION_SERVICE},
	{"rename", no_argument, NULL, OPTION_RENAME},
	{"allow-all-names", no_argument, NULL, OPTION_ALL_NAMES},
	{"move", no_argument, NULL, OPTION_MOVE},
	{"ignore-symlinks", no_argument, NULL, OPTION_IGNORE},
	{"dereference", no_argument, NULL, 'L'},
	{"exclude", required_argument, NULL, OPTION_EXCLUDE},
	{"skip-unreadable", no_argument, NULL, OPTION_SKIP},
	{"any-time", no_argument, NULL, OPTION_ANY_TIME},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"verbose", no_argument, NULL, 'v'},
	{"progress", required_argument, NULL, OPTION_PROGRESS},
	{"progress-fd", required_argument, NULL, OPTION_PROGRESS_FD},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* A descriptor that is open, and is none of those that lead elsewhere. */
static bool parse_descriptor(const char *text, int *fd)
{
	uint64_t number;

	if (!parse_count(text, &number) || number <= STDERR_FILENO || number > INT_MAX ||
	    fcntl((int)number, F_GETFD) < 0)
		return false;
	*fd = (int)number;
	return true;
}

/* Returns what is wrong with the combination of options, or NULL. */
static const char *contradiction(const struct options *options)
{
	if (options->vm && options->via)
		return "--vm and --via exclude each other: give one of them";
	if (!options->vm && options->service)
		return "--service needs --vm";
	if (!options->vm && (options->rename || options->allow_all_names))
		return "--rename and --allow-all-names need --vm; otherwise give the receiver its "
		       "own options, such as "
		       "--via='qfile-unpacker --on-conflict=rename'";
	if (options->vm && !qfile_vm_name_ok(options->vm))
		return "that is no VM's name: a letter, then letters, digits, '_', '-' or '.', at "
		       "most 63 in all";
	if ((options->flags & QFILE_IGNORE_LINKS) && (options->flags & QFILE_DEREFERENCE))
		return "--ignore-symlinks and --dereference contradict each other";
	if ((options->flags & QFILE_ANY_TIME) && !options->move)
		return "--any-time needs --move";
	if (options->progress && options->progress_fd >= 0)
		return "--progress and --progress-fd are two ways to one end: give one of them";
	if (options->count == 0)
		return "nothing to send: name a file or directory";
	return NULL;
}

int options_parse(struct options *options, int argc, char **argv)
{
	const char *wrong;
	int option;

	*options = (struct options){.progress_fd = -1};
	options->exclude = calloc((size_t)argc + 1, sizeof(*options->exclude));
	if (!options->exclude)
		err(EXIT_FAILED, NULL);
	while ((option = getopt_long(argc, argv, "LvhV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_VM:
			options->vm = optarg;
			break;
		case OPTION_VIA:
			options->via = optarg;
			break;
		case OPTION_SERVICE:
			options->service = optarg;
			break;
		case OPTION_RENAME:
			options->rename = true;
			break;
		case OPTION_ALL_NAMES:
			options->allow_all_names = true;
			break;
		case OPTION_MOVE:
			options->move = true;
			break;
		case OPTION_IGNORE:
			options->flags |= QFILE_IGNORE_LINKS;
			break;
		case 'L':
			options->flags |= QFILE_DEREFERENCE;
			break;
		case OPTION_PROGRESS:
			options->progress = optarg;
			break;
		case OPTION_PROGRESS_FD:
			if (!parse_descriptor(optarg, &options->progress_fd))
				return usage_value(program,
						   "--progress-fd takes the number of a descriptor "
						   "that is open, from 3 on, not",
						   optarg);
			break;
		case OPTION_EXCLUDE:
			/* A pattern needs a part: see the public header. */
			if (!optarg[strspn(optarg, "/")])
				return usage_value(program, "--exclude takes a pattern, not",
						   optarg);
			options->exclude[options->excluded++] = optarg;
			break;
		case OPTION_SKIP:
			options->flags |= QFILE_SKIP_UNREADABLE;
			break;
		case OPTION_ANY_TIME:
			options->flags |= QFILE_ANY_TIME;
			break;
		case OPTION_DRY_RUN:
			options->dry_run = true;
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			return usage_help(help);
		case 'V':
			return usage_version(program);
		default: /* getopt has said what is wrong */
			return usage_wrong(program, NULL);
		}
	}
	options->arguments = argv + optind;
	options->count = (size_t)(argc - optind);
	wrong = contradiction(options);
	return wrong ? usage_wrong(program, wrong) : -1;
}
