/*
 * vm-file-editor: show a file of another virtual machine, and send what is saved back, as the rpc
 * service PedOS.OpenInVM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/log.h"
#include "cli/settings/load.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "explain.h"
#include "explain_handler.h"
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

/*
 * Milliseconds for which what was sent may be on its way. A network is noticed to be dead when TCP
 * gives up, after a quarter of an hour; on one machine the relays empty their pipes at once.
 */
#define ON_THE_WAY_FAR  1200000
#define ON_THE_WAY_NEAR 2000

static struct qfile_error error;
static bool verbose;

/*
 * What concerns this side alone goes to its log. stderr may lead to the VM that asked: there, no
 * more is said than that there was such a thing, unless it is a terminal here, --verbose asks for
 * it, or there is no log, so that nobody would ever know. Returns whether the log alone has it.
 */
static bool tell_here(const char *text, const char *consequence)
{
	bool logged = log_alarm(getenv("QREXEC_REMOTE_DOMAIN"), text);

	if (!logged || verbose || isatty(STDERR_FILENO)) {
		warnx("%s%s", text, consequence);
		return false;
	}
	warnx("the editor could not do its work: its log says why%s", consequence);
	return true;
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
		.on_the_way = getenv("SSH_CONNECTION") ? ON_THE_WAY_FAR : ON_THE_WAY_NEAR,
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
	bool logged = false;

	if (error.code == ECONNRESET)
		warnx("the VM that asked has gone%s", consequence);
	else if (explain_is_ours(&error))
		logged = tell_here(qfile_error_text(&error, text, sizeof(text)), consequence);
	else
		warnx("%s%s", qfile_error_text(&error, text, sizeof(text)), consequence);
	explain_error(ending, &error, logged);
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

/* What becomes of the file when the session fails. */
static const char *consequence_of(const struct editor *editor, int r)
{
	if (editor_view_only(editor))
		return "";
	if (editor_left(editor) == EDITOR_USED)
		return ": an application may still have the file; what is saved there from now on "
		       "is not sent back";
	if (editor_left(editor) == EDITOR_UNSENT)
		return ": what was saved last may not have arrived there, and is kept here";
	return r == -ECONNRESET ? ": all that was saved had been sent" : "";
}

static int run_handler(struct editor *editor, const char *handler, struct ending *ending)
{
	char *path = (char *)editor_path(editor), *command;
	int status, r;

	/* By this, what the handler starts is known to come from it, also when it has ended. */
	if (asprintf(&command, "%s \"$@\"", handler) < 0 || setenv("QOPEN_FILE", path, 1) < 0)
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
		return failed(ending, consequence_of(editor, r));
	explain_handler(ending, handler, path, status);
	return ending->code ? -1 : 0;
}

/* Files beside it are kept here, where the opener takes none. */
static void add_what_is_beside(const struct editor *editor, struct ending *ending)
{
	char text[512], shown[300];
	const char *name;
	unsigned count = editor_beside(editor, &name);

	if (count == 0)
		return;
	qfile_displayable(name, strlen(name), shown, sizeof(shown), 80);
	if (count == 1)
		snprintf(text, sizeof(text),
			 "\"%s\" was saved beside the file there, and is kept there: it was not "
			 "sent back%s",
			 shown, name[strlen(name) - 1] == '/' ? ", as no directory is" : "");
	else
		snprintf(text, sizeof(text),
			 "%u files or directories were saved beside the file there, such as "
			 "\"%s\", and are kept there: they were not sent back",
			 count, shown);
	if (!editor_tells(editor))
		warnx("%s", text);
	explain_more(ending, text);
}

/* What the opener's user should know besides. */
static void add_what_was_seen(const struct editor *editor, struct ending *ending)
{
	static const char in_vain[] = "it was opened for viewing only: what was changed there is "
				      "not sent back";
	static const char other[] = "a directory or a link has taken the place of the file there: "
				    "it was not sent back, and is kept there";
	static const char within[] =
		"the file is a database, and changes to it are only in its "
		"journal there (\"-wal\" or \"-journal\" behind its name): they "
		"were not sent back with it, and are kept there";

	if (editor_unopened(editor) && ending->code == 0)
		explain_more(ending, "no application has opened the file there");
	if (editor_changed_in_vain(editor)) {
		warnx("%s", in_vain);
		explain_more(ending, in_vain);
	}
	if (editor_other(editor)) {
		warnx("%s", other);
		explain_more(ending, other);
	}
	if (editor_within(editor)) {
		warnx("%s", within);
		explain_more(ending, within);
	}
	add_what_is_beside(editor, ending);
	/* The opener's user is not to believe that everything is there. */
	if (ending->code == 0 && editor_misses(editor))
		ending->code = ENOTEMPTY;
	if (ending->code != ECONNRESET && editor_left(editor) == EDITOR_USED &&
	    !editor_view_only(editor))
		explain_more(ending, "an application there may still have the file, and what it "
				     "saves from now on is not sent back");
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
	add_what_was_seen(editor, ending);
	if (options->verbose)
		warnx("saves sent back: %u", editor_saves(editor));
	return ending->code ? -1 : r;
}

/* What stays here, for its user. `kept`: nobody waits for the end of that any more. */
static void log_rest(const char *path, bool kept)
{
	char text[8192];

	snprintf(text, sizeof(text),
		 kept ? "what was saved in %s may not have been sent back: it is kept; copy what "
			"you need, then remove its directory"
		      : "the connection has ended, but an application may still have %s: what is "
			"saved there from now on is not sent back",
		 path);
	log_notice(getenv("QREXEC_REMOTE_DOMAIN"), text);
}

/*
 * An application may still have the file: another process waits for its end. Our starter may end
 * all of our session when we have ended, so that has to be out of it before: then it closes its
 * descriptors.
 */
static void keep(struct editor *editor)
{
	int detached[2];
	char none;

	if (!editor_view_only(editor))
		log_rest(editor_path(editor), false);
	if (pipe2(detached, O_CLOEXEC) < 0)
		return; /* where there can be no such process, the directory stays */
	if (fork() != 0) {
		close(detached[1]);
		(void)!read(detached[0], &none, 1);
		close(detached[0]);
		return;
	}
	if (editor_keep(editor) != EDITOR_NOTHING)
		log_rest(editor_path(editor), true);
	_exit(0);
}

/*
 * The opener's user is told by the reply, if that arrives and their program understands it. Nobody
 * is told twice: stderr may lead to the same terminal.
 */
static void tell_failure(const struct editor *editor, const struct ending *ending, int r)
{
	if (error.code == 0 && ending->code != 0 && (r < 0 || verbose || !editor_tells(editor)))
		warnx("%s", ending->message);
}

/* End the session: tell the other side, and remove the private directory. */
static int end(struct editor *editor, const struct ending *ending)
{
	int r = editor_done(editor, ending->code, ending->message), rest;
	char text[256];

	tell_failure(editor, ending, r);
	if (r < 0 && ending->code != ECONNRESET)
		warnx("the VM that asked had gone before it could be told how the session ended");
	if (editor_left(editor) == EDITOR_USED)
		keep(editor);
	else if (editor_left(editor) == EDITOR_UNSENT)
		log_rest(editor_path(editor), true);
	rest = editor_free(editor);
	if (rest < 0) {
		snprintf(text, sizeof(text), "the private directory could not be removed: %s",
			 strerror(-rest));
		tell_here(text, "");
	}
	return r < 0 ? r : rest;
}

int main(int argc, char **argv)
{
	static struct settings settings;
	struct ending ending = {.code = 0};
	char failure[SETTINGS_FAILURE_SIZE];
	struct editor *editor;
	struct options options;
	int status, flags, settled, r;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	settled = settings_load(&settings, failure);
	status = options_parse(&options, &settings, argc, argv);
	if (status >= 0)
		return status;
	if (isatty(STDIN_FILENO)) {
		warnx("stdin is a terminal: this program is started by rpc or by the command of "
		      "qopen-in-vm --via");
		return EXIT_USAGE;
	}
	verbose = options.verbose;
	if (settled < 0) {
		tell_here(failure, "; nothing was opened");
		return EXIT_FAILED;
	}
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
