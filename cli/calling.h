/*
 * The options that say whom to call: one set for all programs that call another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_CALLING_H
#define CLI_CALLING_H
#include <getopt.h>
#include <stdbool.h>

/* Zeroed: nothing was given. The strings are those of the command line. */
struct calling_options {
	const char *vm, *ssh, *via; /* whom to call: at most one of them is set */
	const char *service;        /* instead of the usual one; only with vm */
	const char *progress;       /* how to show the progress, unchecked: see show_init() */
	bool rename, allow_all_names;
	bool quiet, verbose;
};

/* What a program calls. */
struct calling_peer {
	const char *service; /* the rpc service */
	const char *program; /* the program that it runs, and that is called with ssh */
	/* The directory of its user that it delivers to, by what is known here; NULL: none. */
	const char *incoming;
	/*
	 * --rename and --allow-all-names are wishes, of which the peer must be told. Otherwise it
	 * does anyway what they ask for.
	 */
	bool takes_wishes;
};

enum {
	CALLING_VM = 0x1000,
	CALLING_SSH,
	CALLING_VIA,
	CALLING_SERVICE,
	CALLING_RENAME,
	CALLING_ALL_NAMES,
	CALLING_PROGRESS
};

/* For a program's own table of getopt_long(3). */
#define CALLING_LONG_OPTIONS                                               \
	{"vm", required_argument, NULL, CALLING_VM},                       \
		{"ssh", required_argument, NULL, CALLING_SSH},             \
		{"via", required_argument, NULL, CALLING_VIA},             \
		{"service", required_argument, NULL, CALLING_SERVICE},     \
		{"rename", no_argument, NULL, CALLING_RENAME},             \
		{"allow-all-names", no_argument, NULL, CALLING_ALL_NAMES}, \
		{"progress", required_argument, NULL, CALLING_PROGRESS},   \
		{"quiet", no_argument, NULL, 'q'},                         \
	{                                                                  \
		"verbose", no_argument, NULL, 'v'                          \
	}
#define CALLING_SHORT_OPTIONS "qv"

/* For the text of --help. */
#define CALLING_HELP_VM  "      --vm=NAME          the VM of this name, through the rpc client; "
#define CALLING_HELP_SSH "      --ssh=[USER@]HOST  the machine of this name, through ssh\n"
#define CALLING_HELP_WORDS                                                                   \
	"      --progress=WHEN    auto, tty, json or none (default auto: where stderr is a " \
	"terminal)\n"                                                                        \
	"  -q, --quiet            say only what went wrong, and show no progress\n"

/*
 * Take one option that getopt_long(3) has found, with its value. Returns false if it is none of
 * these.
 */
bool calling_take(struct calling_options *options, int option, const char *value);

/*
 * Can an rpc client be asked to call this: the name of a VM, or one of qrexec's keywords,
 * "@default", "@dispvm" and "@dispvm:NAME"?
 */
bool calling_target_ok(const char *target);

/*
 * Check what was given together. Returns -1, or the exit status after a message about what is
 * wrong. `program` is the name for the hint to --help.
 */
int calling_check(const struct calling_options *options, const struct calling_peer *peer,
		  const char *program);

/* Does the command of --via run a program of ours, as command_runs() says? */
bool calling_is_named(const struct calling_options *options, const struct calling_peer *peer);

/* Can the peer be told the wishes? False for some commands of --via: see calling_check(). */
bool calling_takes_wishes(const struct calling_options *options, const struct calling_peer *peer);

/* The host of --ssh without a user, for messages; NULL: that was not given. */
const char *calling_host(const struct calling_options *options);

/* The service to call, with the wishes as its argument. Returns false if that is too long. */
bool calling_service(const struct calling_options *options, const struct calling_peer *peer,
		     char service[256]);

/*
 * The words that start the peer with ssh, or by the command of --via, with the wishes among them.
 * NULL-terminated; NULL: there is no memory left. They are the caller's, but none is ever freed.
 */
char **calling_words(const struct calling_options *options, const struct calling_peer *peer);

/*
 * The shared options, as a program passes them on to itself, started by the rpc client. `words` has
 * room for CALLING_PASSED_MAX. Returns how many there are.
 */
#define CALLING_PASSED_MAX 6
int calling_pass_on(const struct calling_options *options, const char *words[CALLING_PASSED_MAX]);

#endif
