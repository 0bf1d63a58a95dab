/*
 * pedos-rpcd's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "base/background.h"
#include "base/log.h"
#include "system/told.h"
#include "text/vmname.h"

#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"Usage: pedos-rpcd [OPTION]... [DOMAIN]...\n"
	"Serve the calls of other VMs: run the services that the policy lets them call.\n"
	"A DOMAIN is a user account of this machine (default: your own). In a Xen guest the\n"
	"domain is the guest, so name none.\n"
	"\n"
	"      --transport=NAME   xen or unix (default: xen in a Xen guest, else unix)\n"
	"      --sockets=DIR      unix: where to make the sockets (default /run/pedos-rpcd)\n"
	"      --policy=DIR       unix: where the policy is (default /etc/pedos-rpc/policy.d)\n"
	"      --services=DIR     where services are; may be repeated. The default, in this "
	"order:\n" SERVICES_HELP
	"      --user=NAME        run services as this account, where the policy names none\n"
	"                         (default: the domain's; in a Xen guest \"user\")\n"
	"      --setenv=NAME=TEXT set a variable for services, such as DISPLAY=:0; may be\n"
	"                         repeated\n"
	"      --prompt=COMMAND   unix: if the policy says ask, run COMMAND SOURCE TARGET "
	"SERVICE;\n"
	"                         status 0 allows the call (default: none, and ask denies)\n"
	"      --prompt-timeout=SECONDS\n"
	"                         no answer for so long is a no (default 300, 0: never)\n"
	"      --max-calls=N      calls of one source at the same time (default 64)\n"
	"      --check            only say whether the policy is right and the DOMAINs can be\n"
	"                         served\n"
	"  -f, --foreground       stay in the foreground and log to stderr; without this, the log\n"
	"                         goes to the system log when the daemon is ready\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"SIGHUP reads the policy again; SIGTERM ends the daemon and all calls.\n"
	"Exit status: 0 a signal ended it, or it is ready in the background, or --check found\n"
	"nothing wrong; 1 it could not start, 2 wrong usage.\n"
	"Example: pedos-rpcd --foreground --policy=./policy work\n";

#define CALLS_MOST   10000
#define TIMEOUT_MOST 86400

enum {
	OPTION_TRANSPORT = 256,
	OPTION_SOCKETS,
	OPTION_POLICY,
	OPTION_SERVICES,
	OPTION_USER,
	OPTION_SETENV,
	OPTION_PROMPT,
	OPTION_PROMPT_TIMEOUT,
	OPTION_MAX_CALLS,
	OPTION_CHECK
};

static const struct option long_options[] = {
	{"transport", required_argument, NULL, OPTION_TRANSPORT},
	{"sockets", required_argument, NULL, OPTION_SOCKETS},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"services", required_argument, NULL, OPTION_SERVICES},
	{"user", required_argument, NULL, OPTION_USER},
	{"setenv", required_argument, NULL, OPTION_SETENV},
	{"prompt", required_argument, NULL, OPTION_PROMPT},
	{"prompt-timeout", required_argument, NULL, OPTION_PROMPT_TIMEOUT},
	{"max-calls", required_argument, NULL, OPTION_MAX_CALLS},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static int misused(const char *why)
{
	if (why)
		log_line(LOG_ERR, "%s", why);
	fputs("Try 'pedos-rpcd --help'.\n", stderr);
	return EXIT_USAGE;
}

/* Append to an array of `room` entries, NULL at the end. Returns NULL, or what is wrong. */
static const char *append(const char **array, size_t room, const char *text)
{
	size_t n = 0;

	while (array[n])
		n++;
	if (n + 1 >= room)
		return "too many of one option";
	array[n] = text;
	return NULL;
}

/* A number up to `most`, in decimal. False: it is none. */
static bool parse_number(const char *text, unsigned long most, unsigned *number)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > most)
		return false;
	*number = (unsigned)n;
	return true;
}

/* Take one option. Returns NULL, or a sentence that says what is wrong. */
static const char *take(struct options *options, int option, const char **transport)
{
	switch (option) {
	case OPTION_TRANSPORT:
		*transport = optarg;
		break;
	case OPTION_SOCKETS:
		options->listen.sockets = optarg;
		options->own_sockets = true;
		break;
	case OPTION_POLICY:
		options->policy = optarg;
		break;
	case OPTION_SERVICES:
		return append(options->service_dirs, SERVICE_DIRS_MAX, optarg);
	case OPTION_USER:
		options->user = optarg;
		options->user_is_said = true;
		return rpc_account_ok(optarg) ? NULL : "--user: that is no account's name";
	case OPTION_SETENV:
		return *optarg != '=' && strchr(optarg, '=')
			       ? append(options->environment, SETENV_MAX + 1, optarg)
			       : "--setenv takes NAME=TEXT";
	case OPTION_PROMPT:
		options->prompt = optarg;
		break;
	case OPTION_PROMPT_TIMEOUT:
		return parse_number(optarg, TIMEOUT_MOST, &options->prompt_timeout)
			       ? NULL
			       : "--prompt-timeout takes a number of seconds up to 86400";
	case OPTION_MAX_CALLS:
		return parse_number(optarg, CALLS_MOST, &options->max_calls) &&
				       options->max_calls > 0
			       ? NULL
			       : "--max-calls takes a number from 1 to 10000";
	case OPTION_CHECK:
		options->check = true;
		break;
	default:
		options->foreground = true;
	}
	return NULL;
}

/* Sockets that systemd has opened for this process begin at descriptor 3. */
static void find_inherited(struct options *options)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || strtoul(pid, NULL, 10) != (unsigned long)getpid())
		return;
	options->listen.inherited_fd = 3;
	options->listen.inherited = (unsigned)strtoul(count, NULL, 10);
}

static const char *find_domains(struct options *options, char **arguments, size_t count)
{
	struct passwd *account;

	for (size_t i = 0; i < count; i++) {
		if (!vm_name_ok(arguments[i]))
			return "a DOMAIN is a name: a letter, then letters, digits, '_', '-' or "
			       "'.', at most 63 in all";
	}
	options->listen.domains = (const char *const *)arguments;
	options->listen.count = count;
	if (count > 0 || options->listen.inherited > 0 ||
	    strcmp(options->transport->name, "unix") != 0)
		return NULL;
	account = getpwuid(geteuid());
	if (!account || !vm_name_ok(account->pw_name))
		return "your account has no name that a domain can have: name a DOMAIN";
	snprintf(options->own_domain, sizeof(options->own_domain), "%s", account->pw_name);
	options->own_domains[0] = options->own_domain;
	options->listen.domains = options->own_domains;
	options->listen.count = 1;
	return NULL;
}

static void set_defaults(struct options *options)
{
	services_set_default(options->service_dirs);
	if (!options->user && strcmp(options->transport->name, "xen") == 0)
		options->user = "user";
}

/* In the background the working directory is another one. */
static const char *make_paths_absolute(struct options *options)
{
	bool known = (options->policy = background_path(options->policy));

	for (const char **dir = options->service_dirs; known && *dir; dir++)
		known = (*dir = background_path(*dir));
	return known ? NULL
		     : "the working directory cannot be found: give absolute paths, or "
		       "--foreground";
}

int options_parse(struct options *options, int argc, char **argv)
{
	const char *transport = NULL, *wrong = NULL;
	int option;

	*options = (struct options){.listen = {.sockets = RPC_SOCKETS_DEFAULT},
				    .policy = "/etc/pedos-rpc/policy.d",
				    .prompt_timeout = 300,
				    .max_calls = 64};
	while (!wrong && (option = getopt_long(argc, argv, "fhV", long_options, NULL)) != -1) {
		if (option == 'h')
			return told(help) ? 0 : EXIT_FAILED;
		if (option == 'V')
			return told("pedos-rpcd (qfilecopy) " QFILE_VERSION "\n") ? 0 : EXIT_FAILED;
		if (option == '?')
			return misused(NULL);
		wrong = take(options, option, &transport);
	}
	if (wrong)
		return misused(wrong);
	options->transport = rpc_transport_find(transport);
	if (!options->transport)
		return misused("--transport takes unix or xen, and xen only in a build for it");
	if (options->prompt && options->transport->granted)
		return misused("--prompt is for the accounts of one machine: between Xen guests, "
			       "dom0 asks (pedos-rpc-dom0 --prompt)");
	find_inherited(options);
	set_defaults(options);
	wrong = find_domains(options, argv + optind, (size_t)(argc - optind));
	if (!wrong && !options->foreground)
		wrong = make_paths_absolute(options);
	return wrong ? misused(wrong) : -1;
}
