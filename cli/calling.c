/*
 * The options that say whom to call: one set for all programs that call another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/calling.h"
#include "cli/shell/command.h"
#include "cli/usage.h"
#include "text/printable.h"
#include "text/vmname.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool calling_take(struct calling_options *options, int option, const char *value)
{
	switch (option) {
	case CALLING_VM:
		options->vm = value;
		return true;
	case CALLING_SSH:
		options->ssh = value;
		return true;
	case CALLING_VIA:
		options->via = value;
		return true;
	case CALLING_SERVICE:
		options->service = value;
		return true;
	case CALLING_RENAME:
		return options->rename = true;
	case CALLING_ALL_NAMES:
		return options->allow_all_names = true;
	case CALLING_PROGRESS:
		options->progress = value;
		return true;
	case 'q':
		return options->quiet = true;
	case 'v':
		return options->verbose = true;
	default:
		return false;
	}
}

bool calling_target_ok(const char *target)
{
	static const char disposable[] = "@dispvm:";

	if (strncmp(target, disposable, sizeof(disposable) - 1) == 0)
		return vm_name_ok(target + sizeof(disposable) - 1);
	return vm_name_ok(target) || strcmp(target, "@dispvm") == 0 ||
	       strcmp(target, "@default") == 0;
}

/* Is it a part of [USER@]HOST that means nothing to a shell, and is no option? */
static bool part_ok(const char *part, size_t length, const char *refused)
{
	if (length == 0 || *part == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		/* ssh and what its configuration runs may hand it to a shell. */
		if ((unsigned char)part[i] <= ' ' || part[i] == 0x7f || strchr(refused, part[i]))
			return false;
	}
	return true;
}

/* The host in [USER@]HOST, without the brackets around an address of IPv6. */
static const char *host_of(const char *target, size_t *length)
{
	const char *at = strrchr(target, '@');
	const char *host = at ? at + 1 : target;

	*length = strlen(host);
	/* In a URI, ssh wants them. */
	if (strncmp(target, "ssh://", 6) == 0 || *length < 2 || host[0] != '[' ||
	    host[*length - 1] != ']')
		return host;
	*length -= 2;
	return host + 1;
}

/* Is it [USER@]HOST, as ssh takes it? The name of a user may have an '@', too. */
static bool ssh_host_ok(const char *target)
{
	const char *at = strrchr(target, '@');
	size_t length;
	const char *host = host_of(target, &length);

	return (!at ||
		(part_ok(target, (size_t)(at - target), "'`\"$;&<>|(){}") && at[-1] != '\\')) &&
	       part_ok(host, length, "'`\"$\\;&<>|(){}");
}

/* The same as ssh takes it, without the brackets. NULL: there is no memory left. */
static char *ssh_target(const char *target)
{
	const char *at = strrchr(target, '@');
	size_t length;
	const char *host = host_of(target, &length);
	char *text;

	return asprintf(&text, "%.*s%.*s", at ? (int)(at + 1 - target) : 0, target, (int)length,
			host) < 0
		       ? NULL
		       : text;
}

/* What is wrong with a name, which is shown in front of that. */
static int wrong_name(const char *program, const char *name, const char *what)
{
	char text[256];

	text_printable(name, strlen(name), text, sizeof(text));
	warnx("\"%s\" %s", text, what);
	return usage_wrong(program, NULL);
}

/* May a character stand directly before or after a program's name in a shell's command? */
static bool parts_words(char c)
{
	return c == '\0' || strchr(" \t\n'\"`;&|()<>", c);
}

/* The next place where `name` is a word, or the last part of a path that is one; or NULL. */
static const char *find_word(const char *command, const char *from, const char *name)
{
	const size_t length = strlen(name);

	for (; (from = strstr(from, name)); from++) {
		const char before = from == command ? '\0' : from[-1];

		if ((before == '/' || parts_words(before)) && parts_words(from[length]))
			return from;
	}
	return NULL;
}

/*
 * Where the command of --via can take options of the peer: behind its name, if that is there once
 * and not in quotes of its own. NULL: nowhere.
 */
static const char *place_for_wishes(const char *command, const struct calling_peer *peer)
{
	const char *word = find_word(command, command, peer->program), *end;

	if (!word || !command_runs(command, peer->program, peer->service) ||
	    find_word(command, word + 1, peer->program))
		return NULL;
	end = word + strlen(peer->program);
	return strchr("'\"`", *end) && *end ? NULL : end;
}

bool calling_takes_wishes(const struct calling_options *options, const struct calling_peer *peer)
{
	return !options->via || place_for_wishes(options->via, peer);
}

static bool has_wishes(const struct calling_options *options, const struct calling_peer *peer)
{
	return peer->takes_wishes && (options->rename || options->allow_all_names);
}

int calling_check(const struct calling_options *options, const struct calling_peer *peer,
		  const char *program)
{
	if (!!options->vm + !!options->ssh + !!options->via > 1)
		return usage_wrong(program, "--vm, --ssh and --via exclude each other: give one of "
					    "them");
	if (options->quiet && options->verbose)
		return usage_wrong(program, "--quiet and --verbose contradict each other");
	if (options->service && !options->vm)
		return usage_wrong(program, "--service needs a VM: give --vm=NAME, too");
	if (options->vm && !calling_target_ok(options->vm))
		return wrong_name(program, options->vm,
				  "is no VM's name: a letter, then letters, digits, '_', '-' or "
				  "'.', at most 63 in all; or @dispvm, @dispvm:NAME or @default");
	if (options->ssh && !ssh_host_ok(options->ssh))
		return wrong_name(program, options->ssh,
				  "is no host for --ssh: give [USER@]HOST, such as host or "
				  "alice@192.0.2.7");
	if (options->via && !options->via[strspn(options->via, " \t\n")])
		return usage_wrong(program, "--via takes a command: it is empty");
	if (has_wishes(options, peer) && !calling_takes_wishes(options, peer))
		return usage_wrong(program,
				   "--rename and --allow-all-names need a command of --via that "
				   "runs qfile-unpacker, as a word without quotes; otherwise "
				   "give the receiver its own options there, --on-conflict=rename "
				   "and --allow-all-names");
	return -1;
}

bool calling_is_named(const struct calling_options *options, const struct calling_peer *peer)
{
	return options->via && command_runs(options->via, peer->program, peer->service);
}

const char *calling_host(const struct calling_options *options)
{
	const char *at = options->ssh ? strrchr(options->ssh, '@') : NULL;

	return at ? at + 1 : options->ssh;
}

bool calling_service(const struct calling_options *options, const struct calling_peer *peer,
		     char service[256])
{
	const bool wishes = has_wishes(options, peer);

	/* An argument has one spelling: the words are in this order. */
	return snprintf(service, 256, "%s%s%s", options->service ? options->service : peer->service,
			wishes && options->allow_all_names ? "+allow-all-names" : "",
			wishes && options->rename ? "+rename" : "") < 256;
}

/* The wishes as options of the peer, each with a space before it. */
static void wishes_as_options(const struct calling_options *options,
			      const struct calling_peer *peer, char text[64])
{
	const bool wishes = has_wishes(options, peer);

	snprintf(text, 64, "%s%s", wishes && options->allow_all_names ? " --allow-all-names" : "",
		 wishes && options->rename ? " --on-conflict=rename" : "");
}

char **calling_words(const struct calling_options *options, const struct calling_peer *peer)
{
	/*
	 * What a user has configured for typing on that host must not get between the two programs:
	 * no terminal, no other command, nothing forwarded to a host that need not be trusted.
	 */
	static const char *const ssh[] = {"ssh",
					  "-T",
					  "-a",
					  "-x",
					  "-oPermitLocalCommand=no",
					  "-oClearAllForwardings=yes",
					  "-oRemoteCommand=none",
					  "--"};
	const size_t count = sizeof(ssh) / sizeof(*ssh);
	char wishes[64], *command, **words = calloc(count + 3, sizeof(*words));
	const char *place;

	if (!words)
		return NULL;
	wishes_as_options(options, peer, wishes);
	if (options->ssh) {
		memcpy(words, ssh, sizeof(ssh));
		words[count] = ssh_target(options->ssh);
		if (!words[count])
			return NULL;
		return asprintf(&words[count + 1], "%s%s", peer->program, wishes) < 0 ? NULL
										      : words;
	}
	place = *wishes ? place_for_wishes(options->via, peer) : NULL;
	if (!place)
		place = options->via;
	if (asprintf(&command, "%.*s%s%s", (int)(place - options->via), options->via, wishes,
		     place) < 0)
		return NULL;
	words[0] = (char *)"/bin/sh";
	words[1] = (char *)"-c";
	words[2] = command;
	return words;
}

int calling_pass_on(const struct calling_options *options, const char *words[CALLING_PASSED_MAX])
{
	static char progress[32];
	int n = 0;

	if (options->rename)
		words[n++] = "--rename";
	if (options->allow_all_names)
		words[n++] = "--allow-all-names";
	if (options->quiet)
		words[n++] = "--quiet";
	if (options->verbose)
		words[n++] = "--verbose";
	if (options->progress) {
		snprintf(progress, sizeof(progress), "--progress=%s", options->progress);
		words[n++] = progress;
	}
	return n;
}
