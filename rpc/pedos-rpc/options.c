/*
 * pedos-rpc's command line.
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
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: pedos-rpc [OPTION]... VM SERVICE[+ARGUMENT] [PROGRAM [ARGUMENT]...]\n"
	"       pedos-rpc [OPTION]... --list [SERVICE[+ARGUMENT]]\n"
	"       pedos-rpc [OPTION]... --kind=VM\n"
	"Call a service in another VM, as far as the policy allows it.\n"
	"With PROGRAM its stdin and stdout are joined to the service's, otherwise our own.\n"
	"The VM @dispvm, or @dispvm:TEMPLATE, is made for the call; on one machine it is a\n"
	"sandbox, which is no VM.\n"
	"\n"
	"      --list            name the VMs that may be called, for this service or for any\n"
	"      --kind=VM         write what that is: vm, account, disposable or sandbox\n"
	"      --transport=NAME  xen, or unix: a VM is an account of this machine\n"
	"                        (default: xen in a Xen guest, else unix)\n"
	"      --sockets=DIR     unix: where the sockets are (default $PEDOS_RPC_SOCKETS,\n"
	"                        else /run/pedos-rpcd)\n"
	"      --services=DIR    of a sandbox: where services are; may be repeated\n"
	"      --user=NAME       the account to run the service as, where the policy gives it\n"
	"      --as=NAME         call under this name: for the daemon's own user only\n"
	"  -h, --help            show this help\n"
	"  -V, --version         show the version\n"
	"\n"
	"Exit status: PROGRAM's, or without one the service's (128 + N: ended by signal N);\n"
	"125 the call failed, 126 it was refused, 127 there is no such service.\n"
	"Examples: pedos-rpc work PedOS.Filecopy qfile-agent report.pdf\n"
	"          pedos-rpc --list PedOS.Filecopy\n";

enum {
	OPTION_TRANSPORT = 256,
	OPTION_SOCKETS,
	OPTION_USER,
	OPTION_AS,
	OPTION_LIST,
	OPTION_KIND,
	OPTION_SERVICES
};

static const struct option long_options[] = {
	{"transport", required_argument, NULL, OPTION_TRANSPORT},
	{"sockets", required_argument, NULL, OPTION_SOCKETS},
	{"user", required_argument, NULL, OPTION_USER},
	{"as", required_argument, NULL, OPTION_AS},
	{"list", no_argument, NULL, OPTION_LIST},
	{"kind", required_argument, NULL, OPTION_KIND},
	{"services", required_argument, NULL, OPTION_SERVICES},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static const char no_service[] =
	"that is no service's name: a letter, then letters, digits, '_', '-', '.' or '+', at most "
	"63 in all, with something behind each '+'";

/* Check the name of a VM, and store it. Returns NULL, or a sentence that says what is wrong. */
static const char *wrong_target(struct options *options, const char *name)
{
	options->disposable = rpc_disposable_ok(name);
	if (*name == '@' && !options->disposable)
		return "of the names that begin with '@', pedos-rpc knows @dispvm and "
		       "@dispvm:TEMPLATE only; others, such as @default, have a meaning for qrexec";
	if (!options->disposable && !vm_name_ok(name))
		return "that is no VM's name: a letter, then letters, digits, '_', '-' or '.', at "
		       "most 63 in all";
	options->target = name;
	return NULL;
}

/* The same for the arguments. */
static const char *wrong_call(struct options *options, char **arguments)
{
	const char *wrong;

	if (!arguments[0] || !arguments[1])
		return "a VM and a service must be named; --list names the VMs";
	wrong = wrong_target(options, arguments[0]);
	if (wrong)
		return wrong;
	if (!rpc_service_ok(arguments[1]))
		return no_service;
	options->program = arguments[2] ? arguments + 2 : NULL;
	snprintf(options->call.service, sizeof(options->call.service), "%s", arguments[1]);
	return NULL;
}

/* The same with --list. */
static const char *wrong_list(struct options *options, char **arguments)
{
	if (!arguments[0])
		return NULL;
	if (arguments[1])
		return "--list takes one service at most";
	if (!rpc_service_ok(arguments[0]))
		return no_service;
	snprintf(options->call.service, sizeof(options->call.service), "%s", arguments[0]);
	return NULL;
}

/* The same with --kind, whose value is the target so far. */
static const char *wrong_kind(struct options *options, char **arguments)
{
	if (arguments[0] || options->list)
		return "--kind takes one VM, and nothing else";
	return wrong_target(options, options->target);
}

static const char *wrong_arguments(struct options *options, char **arguments, const char *user,
				   const char *as)
{
	const char *wrong = options->kind   ? wrong_kind(options, arguments)
			    : options->list ? wrong_list(options, arguments)
					    : wrong_call(options, arguments);

	if (wrong)
		return wrong;
	if (user && (options->list || options->kind))
		return "--user is for a call, not for --list and --kind";
	if (user && !rpc_account_ok(user))
		return "--user: that is no account's name";
	if (as && !vm_name_ok(as))
		return "--as: that is no VM's name";
	snprintf(options->call.user, sizeof(options->call.user), "%s", user ? user : "");
	snprintf(options->call.source, sizeof(options->call.source), "%s", as ? as : "");
	return NULL;
}

static int misused(const char *why)
{
	if (why)
		warnx("%s", why);
	fputs("Try 'pedos-rpc --help'.\n", stderr);
	return EXIT_FAILED;
}

int options_parse(struct options *options, int argc, char **argv)
{
	const char *transport = NULL, *user = NULL, *as = NULL,
		   *sockets = getenv("PEDOS_RPC_SOCKETS"), *wrong;
	size_t dirs = 0;
	int option;

	if (sockets && *sockets)
		transport = "unix";
	else
		sockets = NULL;
	*options = (struct options){.target = NULL};
	while ((option = getopt_long(argc, argv, "+hV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_TRANSPORT:
			transport = optarg;
			break;
		case OPTION_SOCKETS:
			sockets = optarg;
			break;
		case OPTION_USER:
			user = optarg;
			break;
		case OPTION_AS:
			as = optarg;
			break;
		case OPTION_SERVICES:
			if (dirs + 1 == SERVICE_DIRS_MAX)
				return misused("too many directories of services");
			options->service_dirs[dirs++] = optarg;
			break;
		case OPTION_LIST:
			options->list = true;
			break;
		case OPTION_KIND:
			options->kind = true;
			options->target = optarg;
			break;
		case 'h':
			return told(help) ? 0 : EXIT_FAILED;
		case 'V':
			return told("pedos-rpc (qfilecopy) " QFILE_VERSION "\n") ? 0 : EXIT_FAILED;
		default: /* getopt has printed what is wrong */
			return misused(NULL);
		}
	}
	options->sockets = sockets ? sockets : RPC_SOCKETS_DEFAULT;
	options->transport = rpc_transport_find(transport ? transport : sockets ? "unix" : NULL);
	wrong = options->transport
			? wrong_arguments(options, argv + optind, user, as)
			: "--transport takes unix or xen, and xen only in a build for it";
	return wrong ? misused(wrong) : -1;
}
