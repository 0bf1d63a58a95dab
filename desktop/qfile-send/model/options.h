/*
 * qfile-send's command line.
 *
 * The room desktop/qfile-send/model: what qfile-send decides and says, without a window. It may use
 * GLib, json-glib and gettext, the headers of cli/ and text/, and nothing of GTK. All text that it
 * returns is safe to show as plain text, and never markup.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_OPTIONS_H
#define SEND_OPTIONS_H

enum action {
	ACTION_COPY,
	ACTION_MOVE,
	ACTION_OPEN,
	ACTION_VIEW,
	ACTION_PROMPT,
};

enum default_change {
	DEFAULT_KEEP,
	DEFAULT_SET, /* be the default application of `types`: to open, or view, files */
	DEFAULT_UNSET,
};

struct options {
	enum action action;
	enum default_change change;
	const char *to; /* the VM; NULL: the user chooses */
	char **files;   /* of the command line */
	char **types;   /* in place of files, unless `change` is DEFAULT_KEEP; all are valid */
	int count;      /* of files or types */
	const char *source, *target, *service; /* with ACTION_PROMPT */
};

/*
 * Parse the command line. Returns -1, or the exit status if there is nothing left to do. It can be
 * called again, for another command line.
 */
int options_parse(struct options *options, int argc, char **argv);

/*
 * A command line that means the same in any working directory, NULL-terminated, to be freed with
 * g_strfreev(). `directory`: the absolute path of the working directory.
 */
char **options_line(const struct options *options, const char *directory);

#endif
