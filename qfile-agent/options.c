/*
 * qfile-agent's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/settings/help.h"
#include "cli/show.h"
#include "cli/usage.h"

#include <err.h>
#include <getopt.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char program[] = "qfile-agent";

static const char help[] =
	"Usage: qfile-agent --vm=NAME [OPTION]... FILE...\n"
	"       qfile-agent --ssh=[USER@]HOST [OPTION]... FILE...\n"
	"       qfile-agent --via=COMMAND [OPTION]... FILE...\n"
	"       qfile-agent [OPTION]... FILE...\n"
	"Copy files and directories to another virtual machine or another computer, into\n"
	"PedOSIncoming there; with --via, to where the receiver of the command delivers.\n"
	"\n"
	"Whom to send to:\n" CALLING_HELP_VM "with qrexec also\n"
	"                         @dispvm, @dispvm:NAME or @default\n"
	"      --service=NAME     the service to call there "
	"(default PedOS.Filecopy)\n" CALLING_HELP_SSH
	"      --via=COMMAND      a shell command whose stdin and stdout lead to a receiver,\n"
	"                         such as 'doas -u work qfile-unpacker'\n"
	"  Without any, speak the Filecopy format on stdin and stdout, for an rpc client.\n"
	"\n"
	"What to ask the receiver for:\n"
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
	"\n" CALLING_HELP_WORDS
	"  -v, --verbose          name each entry that is sent, and those with changed times\n"
	"      --progress-fd=N    for programs: json on descriptor N, where nobody else writes\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 all was copied, 1 nothing was, 2 wrong usage, 3 copied, but\n"
	"something was left out, changed meanwhile or could not be removed: it is named;\n"
	"with --vm also 125, 126 and 127: see pedos-rpc(1).\n"
	"Example: qfile-agent --vm=work report.pdf photos/\n";

struct calling_peer receiver = {.program = "qfile-unpacker", .takes_wishes = true};

enum {
	OPTION_MOVE = 256,
	OPTION_IGNORE,
	OPTION_EXCLUDE,
	OPTION_SKIP,
	OPTION_ANY_TIME,
	OPTION_DRY_RUN,
	OPTION_PROGRESS_FD
};

static const struct option long_options[] = {
	CALLING_LONG_OPTIONS,
	{"move", no_argument, NULL, OPTION_MOVE},
	{"ignore-symlinks", no_argument, NULL, OPTION_IGNORE},
	{"dereference", no_argument, NULL, 'L'},
	{"exclude", required_argument, NULL, OPTION_EXCLUDE},
	{"skip-unreadable", no_argument, NULL, OPTION_SKIP},
	{"any-time", no_argument, NULL, OPTION_ANY_TIME},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"progress-fd", required_argument, NULL, OPTION_PROGRESS_FD},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Returns what is wrong with the combination of options, or NULL. */
static const char *contradiction(const struct options *options)
{
	if ((options->flags & QFILE_IGNORE_LINKS) && (options->flags & QFILE_DEREFERENCE))
		return "--ignore-symlinks and --dereference contradict each other";
	if ((options->flags & QFILE_ANY_TIME) && !options->move)
		return "--any-time needs --move";
	if (options->calling.progress && options->progress_fd >= 0)
		return "--progress and --progress-fd exclude each other: give one of them";
	if (options->count == 0)
		return "nothing to send: name a file or directory";
	return NULL;
}

int options_parse(struct options *options, const struct settings *settings, int argc, char **argv)
{
	const char *wrong;
	int option;

	receiver.service = settings->copy_service;
	receiver.incoming = settings->incoming;
	*options = (struct options){.progress_fd = -1};
	options->exclude = calloc((size_t)argc + 1, sizeof(*options->exclude));
	if (!options->exclude)
		err(EXIT_FAILED, NULL);
	while ((option = getopt_long(argc, argv, CALLING_SHORT_OPTIONS "LhV", long_options,
				     NULL)) != -1) {
		if (calling_take(&options->calling, option, optarg))
			continue;
		switch (option) {
		case OPTION_MOVE:
			options->move = true;
			break;
		case OPTION_IGNORE:
			options->flags |= QFILE_IGNORE_LINKS;
			break;
		case 'L':
			options->flags |= QFILE_DEREFERENCE;
			break;
		case OPTION_PROGRESS_FD:
			if (!show_descriptor(optarg, &options->progress_fd))
				return usage_value(program,
						   "--progress-fd takes the number of a descriptor "
						   "that is open for writing, from 3 on, not",
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
		case 'h':
			return settings_help(help, settings);
		case 'V':
			return usage_version(program);
		default: /* getopt has said what is wrong */
			return usage_option(program, argv, optind);
		}
	}
	options->arguments = argv + optind;
	options->count = (size_t)(argc - optind);
	wrong = contradiction(options);
	return wrong ? usage_wrong(program, wrong)
		     : calling_check(&options->calling, &receiver, program);
}
