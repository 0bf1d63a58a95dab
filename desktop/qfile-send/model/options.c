/*
 * qfile-send's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "options.h"

#include "cli/calling.h"
#include "cli/usage.h"
#include "mimeapps.h"

#include <getopt.h>
#include <glib.h>

static const char program[] = "qfile-send";

static const char help[] =
	"Usage: qfile-send [--copy|--move|--open|--view] [--to=VM] [--] FILE...\n"
	"       qfile-send --set-default [--open|--view] [--to=VM] TYPE...\n"
	"       qfile-send --unset-default TYPE...\n"
	"       qfile-send --prompt SOURCE TARGET SERVICE\n"
	"Send files to another virtual machine, or open them there, with windows: for file\n"
	"managers. Who does not name a VM is asked.\n"
	"\n"
	"      --copy             copy the files and directories (the default)\n"
	"      --move             copy them, then remove them here\n"
	"      --open             open the files there, and bring back what is saved\n"
	"      --view             the same, only to look at them\n"
	"      --to=VM            the VM, in place of the question which one\n"
	"      --set-default      open files of these MIME types so by default (or view them)\n"
	"      --unset-default    take that back\n"
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
	OPTION_SET,
	OPTION_UNSET,
	OPTION_ACTION, /* and the enum action */
};

static const struct option long_options[] = {
	{"copy", no_argument, NULL, OPTION_ACTION + ACTION_COPY},
	{"move", no_argument, NULL, OPTION_ACTION + ACTION_MOVE},
	{"open", no_argument, NULL, OPTION_ACTION + ACTION_OPEN},
	{"view", no_argument, NULL, OPTION_ACTION + ACTION_VIEW},
	{"prompt", no_argument, NULL, OPTION_ACTION + ACTION_PROMPT},
	{"to", required_argument, NULL, OPTION_TO},
	{"set-default", no_argument, NULL, OPTION_SET},
	{"unset-default", no_argument, NULL, OPTION_UNSET},
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

/* Take the types of --set-default and --unset-default. Returns as options_parse(). */
static int take_types(struct options *options, bool chosen, int count, char **types)
{
	const bool sets = options->change == DEFAULT_SET;

	if (!sets && (chosen || options->to))
		return usage_wrong(program, "--unset-default takes types, and no other option");
	if (chosen && options->action != ACTION_OPEN && options->action != ACTION_VIEW)
		return usage_wrong(program, "--set-default goes with --open or --view only");
	if (count == 0)
		return usage_wrong(program, "name the types, such as application/pdf");
	for (int i = 0; i < count; i++) {
		if (!mimeapps_type_ok(types[i]))
			return usage_value(program, "types of files are like application/pdf, not",
					   types[i]);
	}
	if (!chosen)
		options->action = ACTION_OPEN;
	options->types = types;
	options->count = count;
	return -1;
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
		case OPTION_SET:
		case OPTION_UNSET:
			if (options->change != DEFAULT_KEEP)
				return usage_wrong(program, "--set-default or --unset-default, and "
							    "only once");
			options->change = option == OPTION_SET ? DEFAULT_SET : DEFAULT_UNSET;
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
	if (options->change != DEFAULT_KEEP)
		return take_types(options, chosen, argc - optind, argv + optind);
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
