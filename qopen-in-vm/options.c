/*
 * qopen-in-vm's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/number.h"
#include "cli/usage.h"

#include <err.h>
#include <getopt.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>

static const char program[] = "qopen-in-vm";

static const char help[] =
	"Usage: qopen-in-vm [OPTION]... VM FILE\n"
	"       qopen-in-vm --via=COMMAND [OPTION]... FILE\n"
	"       qopen-in-vm [OPTION]... FILE\n"
	"Open a file in another virtual machine, and bring back what is saved there.\n"
	"\n"
	"Where to open it:\n"
	"  VM                     the VM of this name, through the rpc client; with qrexec also\n"
	"                         @dispvm, a new disposable one\n"
	"      --service=NAME     the service to call there (default PedOS.OpenInVM)\n"
	"      --via=COMMAND      a shell command whose stdin and stdout lead to an editor,\n"
	"                         such as 'ssh host vm-file-editor'\n"
	"  Without either, speak the OpenInVM format on stdin and stdout, for an rpc client.\n"
	"\n"
	"      --view-only        only look at it: write nothing that comes back\n"
	"      --max-bytes=SIZE   accept no save that is longer, such as 500M\n"
	"      --from=NAME        the name of the other VM for messages and names of files,\n"
	"                         if VM is not given\n"
	"      --progress=WHEN    auto, tty, json or none (default auto: where stderr is a "
	"terminal)\n"
	"  -q, --quiet            say only what went wrong, and show no progress\n"
	"  -v, --verbose          report every save\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 all that was saved there is in the file, 1 it is not, 2 wrong usage.\n"
	"Example: qopen-in-vm work report.odt\n";

enum {
	OPTION_VIA = 256,
	OPTION_SERVICE,
	OPTION_VIEW_ONLY,
	OPTION_MAX_BYTES,
	OPTION_FROM,
	OPTION_PROGRESS
};

static const struct option long_options[] = {
	{"via", required_argument, NULL, OPTION_VIA},
	{"service", required_argument, NULL, OPTION_SERVICE},
	{"view-only", no_argument, NULL, OPTION_VIEW_ONLY},
	{"max-bytes", required_argument, NULL, OPTION_MAX_BYTES},
	{"from", required_argument, NULL, OPTION_FROM},
	{"progress", required_argument, NULL, OPTION_PROGRESS},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Is it a VM's name, or one of qrexec's keywords: "@dispvm", "@dispvm:NAME", "@default"? */
static bool target_ok(const char *vm)
{
	static const char disposable[] = "@dispvm:";

	if (strncmp(vm, disposable, sizeof(disposable) - 1) == 0)
		return qfile_vm_name_ok(vm + sizeof(disposable) - 1);
	return qfile_vm_name_ok(vm) || strcmp(vm, "@dispvm") == 0 || strcmp(vm, "@default") == 0;
}

/* Returns what is wrong with the combination of options, or NULL. */
static const char *contradiction(const struct options *options)
{
	if (options->quiet && options->verbose)
		return "--quiet and --verbose contradict each other";
	if (options->vm && options->via)
		return "VM and --via exclude each other: give one of them";
	if (!options->vm && options->service)
		return "--service needs a VM";
	if (options->vm && options->from)
		return "--from is for calls without a VM: its name is known here";
	if (options->vm && !target_ok(options->vm))
		return "that is no VM's name: a letter, then letters, digits, '_', '-' or '.', at "
		       "most 63 in all; or @dispvm, @dispvm:NAME or @default";
	if (options->from && !target_ok(options->from))
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
	options->vm = count == 2 ? arguments[0] : NULL;
	options->file = arguments[count - 1];
	return contradiction(options);
}

int options_parse(struct options *options, int argc, char **argv)
{
	const char *wrong;
	int option;

	*options = (struct options){.max_bytes = UINT64_MAX};
	while ((option = getopt_long(argc, argv, "qvhV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_VIA:
			options->via = optarg;
			break;
		case OPTION_SERVICE:
			options->service = optarg;
			break;
		case OPTION_VIEW_ONLY:
			options->view_only = true;
			break;
		case OPTION_MAX_BYTES:
			if (!parse_size(optarg, 1, &options->max_bytes))
				return usage_wrong(program, "--max-bytes takes a size such as "
							    "500M");
			break;
		case OPTION_FROM:
			options->from = optarg;
			break;
		case OPTION_PROGRESS:
			options->progress = optarg;
			break;
		case 'q':
			options->quiet = true;
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
	wrong = take_arguments(options, argc - optind, argv + optind);
	return wrong ? usage_wrong(program, wrong) : -1;
}
