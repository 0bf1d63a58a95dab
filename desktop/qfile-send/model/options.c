/*
 * qfile-send's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/calling.h"
#include "cli/usage.h"

#include <getopt.h>
#include <glib.h>

static const char program[] = "qfile-send";

static const char help[] =
	"Usage: qfile-send [--copy|--move|--open|--view] [--to=VM] [--] FILE...\n"
	"       qfile-send --prompt SOURCE TARGET SERVICE\n"
	"Send files to another virtual machine, or open them there, with windows: for file\n"
	"managers. Who does not name a VM is asked.\n"
	"\n"
	"      --copy             copy the files and directories (the default)\n"
	"      --move             copy them, then remove them here\n"
	"      --open             open the files there, and bring back what is saved\n"
	"      --view             the same, only to look at them\n"
	"      --to=VM            the VM, in place of the question which one\n"
	"      --prompt           ask whether SOURCE may call SERVICE of TARGET: for --prompt of\n"
	"                         pedos-rpcd\n"
	"  -h, --help             show this help\n"
	"  -V, --version          show the version\n"
	"\n"
	"Exit status: 0 done, or allowed; 1 not done, or denied; 2 wrong usage; 3 done, but not\n"
	"with everything.\n"
	"Example: qfile-send --move report.pdf photos/\n";

enum {
	OPTION_TO = 256,
	OPTION_ACTION, /* and the enum action */
};

static const struct option long_options[] = {
	{"copy", no_argument, NULL, OPTION_ACTION + ACTION_COPY},
	{"move", no_argument, NULL, OPTION_ACTION + ACTION_MOVE},
	{"open", no_argument, NULL, OPTION_ACTION + ACTION_OPEN},
	{"view", no_argument, NULL, OPTION_ACTION + ACTION_VIEW},
	{"prompt", no_argument, NULL, OPTION_ACTION + ACTION_PROMPT},
	{"to", required_argument, NULL, OPTION_TO},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* By enum action. */
static const char *const words[] = {"--copy", "--move", "--open", "--view", "--prompt"};

/* Take the arguments that are not options. Returns what is wrong, or NULL. */
static const char *take_arguments(struct options *options, int count, char **arguments)
{
	if (options->action == ACTION_PROMPT) {
		if (count != 3 || options->to)
			return "--prompt takes the names of a SOURCE, a TARGET and a SERVICE";
		options->source = arguments[0];
		options->target = arguments[1];
		options->service = arguments[2];
		return NULL;
	}
	if (count == 0)
		return "nothing to send: name a file or directory";
	for (int i = 0; i < count; i++) {
		if (!*arguments[i])
			return "the name of a file is empty";
	}
	options->files = arguments;
	options->count = count;
	return NULL;
}

int options_parse(struct options *options, int argc, char **argv)
{
	bool chosen = false;
	const char *wrong;
	int option;

	*options = (struct options){.action = ACTION_COPY};
	optind = 0; /* it may have parsed another command line before */
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_TO:
			options->to = optarg;
			if (!calling_target_ok(optarg))
				return usage_value(program, "--to takes the name of a VM, not",
						   optarg);
			break;
		case 'h':
			return usage_help(help);
		case 'V':
			return usage_version(program);
		case '?': /* getopt has said what is wrong */
			return usage_wrong(program, NULL);
		default:
			if (chosen)
				return usage_wrong(program, "one of --copy, --move, --open, --view "
							    "and --prompt at a time");
			options->action = (enum action)(option - OPTION_ACTION);
			chosen = true;
		}
	}
	wrong = take_arguments(options, argc - optind, argv + optind);
	return wrong ? usage_wrong(program, wrong) : -1;
}

char **options_line(const struct options *options, const char *directory)
{
	GPtrArray *line = g_ptr_array_new();

	g_ptr_array_add(line, g_strdup(program));
	g_ptr_array_add(line, g_strdup(words[options->action]));
	if (options->to)
		g_ptr_array_add(line, g_strconcat("--to=", options->to, NULL));
	g_ptr_array_add(line, g_strdup("--"));
	for (int i = 0; i < options->count; i++) {
		const char *file = options->files[i];

		/* What is behind the last slash means something to qfile-agent. */
		g_ptr_array_add(line, *file == '/' ? g_strdup(file)
						   : g_strconcat(directory, "/", file, NULL));
	}
	g_ptr_array_add(line, NULL);
	return (char **)g_ptr_array_free(line, FALSE);
}
