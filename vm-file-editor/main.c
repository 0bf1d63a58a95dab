/*
 * vm-file-editor: show a file of another virtual machine, and send what is saved back, as the rpc
 * service PedOS.OpenInVM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/log.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "explain.h"
#include "open/editor/editor.h"
#include "options.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static struct qfile_error error;
static bool verbose;

/*
 * What concerns this side alone goes to its log. stderr may lead to the VM that asked: there, no
 * more is said than that there was such a thing, unless it is a terminal here, --verbose asks for
 * it, or there is no log, so that nobody would ever know.
 */
static void tell_here(const char *text, const char *consequence)
{
	bool logged = log_alarm(getenv("QREXEC_REMOTE_DOMAIN"), text);

	if (!logged || verbose || isatty(STDERR_FILENO))
		warnx("%s%s", text, consequence);
	else
		warnx("the editor could not do its work: its log says why%s", consequence);
}

static int new_editor(struct editor **editor, const struct options *options)
{
	const char *directory = getenv("TMPDIR");
	struct editor_options editor_options = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.stop = stop_open(),
		.directory = directory && *directory ? directory : "/tmp",
		.from = getenv("QREXEC_REMOTE_DOMAIN"),
		.max_bytes = options->max_bytes,
	};
	int r = editor_new(editor, &editor_options);

	if (r < 0)
		tell_here(r == -EINVAL ? "QREXEC_REMOTE_DOMAIN must be a VM's name" : strerror(-r),
			  "; nothing was opened");
	return r;
}

/*
 * The session has failed. The message goes to stderr, too: an older program in the other VM cannot
 * show it.
 */
static int failed(struct ending *ending, const char *consequence)
{
	char text[1024];

	if (error.code == ECONNRESET)
		warnx("the VM that asked has gone%s", consequence);
	else if (explain_is_ours(&error))
		tell_here(qfile_error_text(&error, text, sizeof(text)), consequence);
	else
		warnx("%s%s", qfile_error_text(&error, text, sizeof(text)), consequence);
	explain_error(ending, &error);
	return -1;
}

/*
 * Who comes by ssh brings no screen. What is meant is that of this machine: it is used if it
 * belongs to the same user.
 */
static void find_screen(void)
{
	if (getenv("SSH_CONNECTION") && !getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
		setenv("DISPLAY", ":0", 0);
}

static int run_handler(struct editor *editor, const char *handler, struct ending *ending)
{
	char *path = (char *)editor_path(editor), *command;
	int status, r;

	if (asprintf(&command, "%s \"$@\"", handler) < 0)
		err(EXIT_FAILED, NULL);
	r = editor_run(
		editor,
		(char *[]){(char *)"/bin/sh", (char *)"-c", command, (char *)"sh", path, NULL},
		environ, &status, &error);
	free(command);
	if (r == -ENOTSUP)
		error.hint = "it is empty now, which an old program in the VM that asked cannot be "
			     "told: there it stays as it was";
	if (r < 0)
		return failed(ending, r == -ECONNRESET ? ": what was saved after the last save "
							 "that arrived is lost"
						       : "");
	explain_handler(ending, handler, path, status);
	if (ending->code)
		warnx("%s", ending->message);
	return ending->code ? -1 : 0;
}

static int edit(struct editor *editor, const struct options *options, struct ending *ending)
{
	char name[1024];
	int r;

	if (editor_receive(editor, &error) < 0)
		return failed(ending, "; nothing was opened");
	if (options->verbose) {
		qfile_displayable(editor_path(editor), strlen(editor_path(editor)), name,
				  sizeof(name), 500);
		warnx("opening \"%s\"%s", name,
		      editor_view_only(editor) ? " for viewing only" : "");
	}
	r = run_handler(editor, options->handler, ending);
	if (options->verbose)
		warnx("saves sent back: %u", editor_saves(editor));
	return r;
}

/* End the session: tell the other side, and remove the private directory. */
static int end(struct editor *editor, const struct ending *ending)
{
	int r = editor_done(editor, ending->code, ending->message), removed;
	char text[256];

	if (r < 0 && ending->code != ECONNRESET)
		warnx("the VM that asked had gone before it could be told how the session ended");
	removed = editor_free(editor);
	if (removed < 0) {
		snprintf(text, sizeof(text), "the private directory could not be removed: %s",
			 strerror(-removed));
		tell_here(text, "");
	}
	return r < 0 ? r : removed;
}

int main(int argc, char **argv)
{
	struct ending ending = {.code = 0};
	struct editor *editor;
	struct options options;
	int status, flags, r;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (isatty(STDIN_FILENO)) {
		warnx("stdin is a terminal: this program is started by rpc or by the command of "
		      "qopen-in-vm --via");
		return EXIT_USAGE;
	}
	verbose = options.verbose;
	find_screen();
	if (new_editor(&editor, &options) < 0)
		return EXIT_FAILED;
	/*
	 * Non-blocking, so that a stop works while the other side takes nothing. The flags are
	 * shared with the parent, so they are put back.
	 */
	flags = fcntl(STDOUT_FILENO, F_GETFL);
	fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
	r = edit(editor, &options, &ending);
	if (end(editor, &ending) < 0)
		r = -1;
	fcntl(STDOUT_FILENO, F_SETFL, flags);
	return r < 0 ? EXIT_FAILED : 0;
}
