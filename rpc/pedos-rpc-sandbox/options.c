/*
 * The command line of pedos-rpc-sandbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "base/names.h"
#include "system/told.h"
#include "text/vmname.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>

static const char help[] =
	"Usage: pedos-rpc-sandbox [--services=DIR]... TEMPLATE\n"
	"       pedos-rpc-sandbox --list\n"
	"Serve one call, which comes by the socket at stdin, in a sandbox of its own.\n"
	"pedos-rpc starts it for calls of " RPC_DISPOSABLE " and " RPC_DISPOSABLE ":TEMPLATE.\n"
	"\n"
	"      --services=DIR     where services are; may be repeated. The default, in this "
	"order:\n" SERVICES_HELP
	"      --list             name the templates, if sandboxes can be made here\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 the call has been served or refused, 1 it was lost, 2 wrong usage.\n"
	"Example: pedos-rpc @dispvm PedOS.OpenInVM qopen-in-vm invoice.pdf\n";

enum {
	OPTION_SERVICES = 256,
	OPTION_LIST
};

static const struct option long_options[] = {
	{"services", required_argument, NULL, OPTION_SERVICES},
	{"list", no_argument, NULL, OPTION_LIST},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static int misused(const char *why)
{
	if (why)
		warnx("%s", why);
	fputs("Try 'pedos-rpc-sandbox --help'.\n", stderr);
	return EXIT_USAGE;
}

static const char *wrong_arguments(struct options *options, int count, char **arguments)
{
	if (options->list)
		return count == 0 ? NULL : "--list takes no argument";
	if (count != 1 || !vm_name_ok(arguments[0]))
		return "one template must be named";
	options->template = arguments[0];
	services_set_default(options->service_dirs);
	return NULL;
}

int options_parse(struct options *options, int argc, char **argv)
{
	size_t dirs = 0;
	const char *wrong;
	int option;

	*options = (struct options){.template = NULL};
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_SERVICES:
			if (dirs + 1 == SERVICE_DIRS_MAX)
				return misused("too many directories of services");
			options->service_dirs[dirs++] = optarg;
			break;
		case OPTION_LIST:
			options->list = true;
			break;
		case 'h':
			return told(help) ? 0 : EXIT_FAILED;
		case 'V':
			return told("pedos-rpc-sandbox (qfilecopy) " QFILE_VERSION "\n")
				       ? 0
				       : EXIT_FAILED;
		default: /* getopt has printed what is wrong */
			return misused(NULL);
		}
	}
	wrong = wrong_arguments(options, argc - optind, argv + optind);
	return wrong ? misused(wrong) : -1;
}
