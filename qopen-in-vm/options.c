/*
 * qopen-in-vm's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/number.h"
#include "cli/settings/help.h"
#include "cli/show.h"
#include "cli/usage.h"

#include <err.h>
#include <getopt.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>

static const char program[] = "qopen-in-vm";

static const char help[] =
	"Usage: qopen-in-vm [OPTION]... VM FILE\n"
	"       qopen-in-vm --vm=NAME [OPTION]... FILE\n"
	"       qopen-in-vm --ssh=[USER@]HOST [OPTION]... FILE\n"
	"       qopen-in-vm --via=COMMAND [OPTION]... FILE\n"
	"       qopen-in-vm [OPTION]... FILE\n"
	"Open a file in another virtual machine, and bring back what is saved there.\n"
	"\n"
	"Where to open it:\n" CALLING_HELP_VM "also @dispvm and\n"
	"                         @dispvm:NAME, and with qrexec @default\n"
	"  VM                     the same, before the file\n"
	"      --service=NAME     the service to call there (default "
	"PedOS.OpenInVM)\n" CALLING_HELP_SSH
	"      --via=COMMAND      a shell command whose stdin and stdout lead to an editor,\n"
	"                         such as 'ssh host DISPLAY=:0 vm-file-editor'\n"
	"  Without any, speak the OpenInVM format on stdin and stdout, for an rpc client.\n"
	"\n"
	"      --view-only        only look at it: write nothing that comes back\n"
	"      --in-place         write a save into the file itself where a new file in its\n"
	"                         place would lose its owner, its links or its mount\n"
	"      --no-beside        do not take files that are saved beside it there\n"
	"      --max-bytes=SIZE   accept no save that is longer, such as 500M\n"
	"      --from=NAME        the name of the other VM for messages and names of files,\n"
	"                         if VM is not given\n"
	"      --rename, --allow-all-names\n"
	"                         as for qfile-agent; they change nothing "
	"here\n" CALLING_HELP_WORDS
	"      --progress-fd=N    for programs: json on descriptor N, where nobody else writes\n"
	"  -v, --verbose          report every save\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 all that was saved there is in the file, 1 it is not, 2 wrong usage;\n"
	"with a VM also 125, 126 and 127: see pedos-rpc(1).\n"
	"Examples: qopen-in-vm work report.odt\n"
	"          qopen-in-vm --view-only @dispvm invoice.pdf\n";

struct calling_peer editor = {.program = "vm-file-editor", .takes_wishes = false};

enum {
	OPTION_VIEW_ONLY = 256,
	OPTION_IN_PLACE,
	OPTION_NO_BESIDE,
	OPTION_MAX_BYTES,
	OPTION_FROM,
	OPTION_PROGRESS_FD
};

static const struct option long_options[] = {
	CALLING_LONG_OPTIONS,
	{"view-only", no_argument, NULL, OPTION_VIEW_ONLY},
	{"in-place", no_argument, NULL, OPTION_IN_PLACE},
	{"no-beside", no_argument, NULL, OPTION_NO_BESIDE},
	{"max-bytes", required_argument, NULL, OPTION_MAX_BYTES},
	{"from", required_argument, NULL, OPTION_FROM},
	{"progress-fd", required_argument, NULL, OPTION_PROGRESS_FD},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Returns what is wrong with the combination of options, or NULL. */
static const char *contradiction(const struct options *options)
{
	if (options->calling.vm && options->from)
		return "--from is for calls without a VM: its name is known here";
	if (options->view_only && options->in_place)
		return "--view-only and --in-place contradict each other";
	if (options->calling.progress && options->progress_fd >= 0)
		return "--progress and --progress-fd exclude each other: give one of them";
	if (options->from && !calling_target_ok(options->from))
		return "--from takes a VM's name: a letter, then letters, digits, '_', '-' or '.', "
		       "at most 63 in all";
	return NULL;
}

/* Take the arguments that are not options: [VM] FILE. */
static const char *take_arguments(struct options *options, int count, char **arguments)
{
	if (count == 0)
		return "nothing to open: name a file";
	if (count > 2)
		return "one file at a time: name a VM and a file";
	if (count == 2 && (options->calling.via || options->calling.ssh))
		return "two names, but --via or --ssh says already where to: name one file";
	if (count == 2 && options->calling.vm)
		return "the VM is named twice, by --vm and before the file: name it once";
	if (count == 2)
		options->calling.vm = arguments[0];
	options->file = arguments[count - 1];
	return contradiction(options);
}

int options_parse(struct options *options, const struct settings *settings, int argc, char **argv)
{
	const char *wrong;
	int option;

	editor.service = settings->open_service;
	*options = (struct options){.max_bytes = settings->opener_max_bytes,
				    .incoming = settings->incoming,
				    .progress_fd = -1};
	while ((option = getopt_long(argc, argv, CALLING_SHORT_OPTIONS "hV", long_options, NULL)) !=
	       -1) {
		if (calling_take(&options->calling, option, optarg))
			continue;
		switch (option) {
		case OPTION_VIEW_ONLY:
			options->view_only = true;
			break;
		case OPTION_IN_PLACE:
			options->in_place = true;
			break;
		case OPTION_NO_BESIDE:
			options->no_beside = true;
			break;
		case OPTION_MAX_BYTES:
			if (!parse_size(optarg, 1, &options->max_bytes))
				return usage_wrong(program, "--max-bytes takes a size such as "
							    "500M");
			break;
		case OPTION_FROM:
			options->from = optarg;
			break;
		case OPTION_PROGRESS_FD:
			if (!show_descriptor(optarg, &options->progress_fd))
				return usage_value(program,
						   "--progress-fd takes the number of a descriptor "
						   "that is open for writing, from 3 on, not",
						   optarg);
			break;
		case 'h':
			return settings_help(help, settings);
		case 'V':
			return usage_version(program);
		default: /* getopt has said what is wrong */
			return usage_option(program, argv, optind);
		}
	}
	wrong = take_arguments(options, argc - optind, argv + optind);
	return wrong ? usage_wrong(program, wrong)
		     : calling_check(&options->calling, &editor, program);
}
