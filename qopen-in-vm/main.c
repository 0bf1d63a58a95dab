/*
 * qopen-in-vm: open a file in another virtual machine, and bring back what is saved there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/call.h"
#include "cli/rpc.h"
#include "cli/settings/load.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "cli/via.h"
#include "keep.h"
#include "open/opener/opener.h"
#include "options.h"
#include "probe.h"
#include "session.h"
#include "status.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Can the file be opened in another VM? Check that before the VM is called. */
static bool file_ok(const struct options *options)
{
	struct opener_options nobody = {.in = -1, .out = -1, .stop = -1, .view_only = true};
	static struct qfile_error error;
	struct opener *opener;

	if (opener_new(&opener, options->file, &nobody, &error) < 0) {
		if (error.code == ENOENT && options->calling.vm && is_file(options->calling.vm))
			explain_order(options->calling.vm, options->file);
		else
			explain_refusal(options->file, &error);
		return false;
	}
	opener_free(opener);
	return true;
}

static int call_vm(const struct options *options, const char *program)
{
	char from[128], max_bytes[40], progress[32], service[256];
	const char *arguments[CALLING_PASSED_MAX + 9];
	int n = calling_pass_on(&options->calling, arguments);

	if (!calling_service(&options->calling, &editor, service)) {
		warnx("the service's name is too long");
		return EXIT_USAGE;
	}
	snprintf(from, sizeof(from), "--from=%s", options->calling.vm);
	arguments[n++] = from;
	if (options->view_only)
		arguments[n++] = "--view-only";
	if (options->in_place)
		arguments[n++] = "--in-place";
	if (options->no_beside)
		arguments[n++] = "--no-beside";
	if (options->max_bytes != UINT64_MAX) {
		snprintf(max_bytes, sizeof(max_bytes), "--max-bytes=%ju",
			 (uintmax_t)options->max_bytes);
		arguments[n++] = max_bytes;
	}
	/* It is open in the client, and in what the client starts. */
	if (options->progress_fd >= 0) {
		snprintf(progress, sizeof(progress), "--progress-fd=%d", options->progress_fd);
		arguments[n++] = progress;
	}
	arguments[n++] = "--";
	arguments[n++] = options->file;
	arguments[n] = NULL;
	rpc_call(options->calling.vm, service, program, arguments);
	return EXIT_FAILED;
}

/* Does a command lead to the editor? Otherwise it is at stdin and stdout. */
static bool has_command(const struct options *options)
{
	return options->calling.via || options->calling.ssh;
}

/* Must a command be asked what it leads to, before anything is sent? */
static bool must_probe(const struct options *options)
{
	return options->calling.via && !calling_is_named(&options->calling, &editor);
}

/* Open the file again, now with `peer` as the other side. */
static int open_file(struct session *session, const struct options *options,
		     const struct peer *peer, int stop)
{
	static char keep_paths[KEEP_MAX][KEEP_SIZE];
	static const char *keep[KEEP_MAX + 1];
	struct opener_options opener_options = {
		.in = peer->in,
		.out = peer->out,
		.stop = stop,
		.view_only = options->view_only,
		.in_place = options->in_place,
		.home = options->no_beside || options->view_only ? NULL : keep_home(),
		.incoming = options->incoming,
		/* Over ssh it is our own program, and the others have answered so. */
		.records_only = options->calling.ssh || must_probe(options),
		.max_bytes = options->max_bytes,
		.from = session->about.vm,
		.keep = keep,
	};
	int r;

	keep_find(keep_paths, keep);
	r = opener_new(&session->opener, options->file, &opener_options, &session->error);
	if (r < 0)
		explain_refusal(options->file, &session->error);
	else
		explain_notes(&session->about, opener_notes(session->opener),
			      opener_unfinished(session->opener));
	return r;
}

/*
 * End the command. Its status is a part of the result, because an old editor cannot report a
 * failure in any other way. It may also explain why the connection was lost.
 */
static int end_command(struct session *session, const struct options *options,
		       const struct peer *peer, int result)
{
	struct via_end end = via_end(peer, result == -ECANCELED);
	char how[512];

	if (result == -ECONNRESET && session->saves == 0 &&
	    via_ssh_failed(&options->calling, &end)) {
		explain_ssh_failed(&session->about);
		session->lost = false;
	} else if (via_failed(&end) && (result == 0 || result == -ECONNRESET)) {
		via_describe(&options->calling, &editor, &end, how);
		warnx("%s", how);
		result = result == 0 ? -1 : result;
	}
	session_lost(session);
	return result;
}

/* Start the command that leads to the editor, if there is one. */
static int call_editor(const struct options *options, struct peer *peer, int stop)
{
	const struct calling_options *calling = &options->calling;
	int r = 0;

	if (must_probe(options))
		r = probe_editor(calling, stop);
	if (r == 0 && has_command(options)) {
		r = via_start(calling, &editor, peer);
		if (r < 0)
			warnx("running %s: %s; nothing was sent", calling->ssh ? "ssh" : "a shell",
			      strerror(-r));
	}
	return r;
}

static int run_session(struct session *session, const struct options *options, struct peer *peer,
		       int stop)
{
	int r = open_file(session, options, peer, stop);

	if (r == 0) {
		r = session_send(session, peer->out);
		peer->out = -1;
	}
	if (r == 0)
		r = session_take(session);
	opener_free(session->opener);
	return has_command(options) ? end_command(session, options, peer, r) : r;
}

/*
 * Ctrl-C at a terminal reaches the command too, which would end before what is under way has come.
 * This program ends it when that is time. We ourselves read the signals, whether they are ignored
 * or not.
 */
static void keep_command_from_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static int open_there(struct session *session, const struct options *options)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	int stop, r;

	session->signals = stop_open();
	stop = show_watch(&session->show, session->signals);
	keep_command_from_signals();
	r = call_editor(options, &peer, stop);
	if (r == 0)
		r = run_session(session, options, &peer, stop);
	status_end(session, r);
	if (r == -ECANCELED && session->signal > 0)
		stop_die_of(session->signal);
	if (r == -ECANCELED)
		stop_die(session->signals);
	return r < 0 ? EXIT_FAILED : 0;
}

/* The name of the other VM: from the user, or from whoever started this program. */
static const char *other_vm(const struct options *options)
{
	const char *remote = getenv("QREXEC_REMOTE_DOMAIN");

	if (options->from)
		return options->from;
	if (options->calling.ssh)
		remote = calling_host(&options->calling);
	return remote && qfile_vm_name_ok(remote) ? remote : "another VM";
}

int main(int argc, char **argv)
{
	static struct session session;
	static struct settings settings;
	char failure[SETTINGS_FAILURE_SIZE];
	struct options options;
	int status, settled;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	settled = settings_load(&settings, failure);
	status = options_parse(&options, &settings, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&session.show, options.calling.progress))
		return usage_value("qopen-in-vm", "--progress takes auto, tty, json or none, not",
				   options.calling.progress);
	if (options.calling.quiet && !options.calling.progress && session.show.mode == SHOW_TTY)
		session.show.mode = SHOW_NONE;
	if (options.progress_fd >= 0)
		show_on(&session.show, options.progress_fd);
	if (!options.calling.vm && !has_command(&options) &&
	    (call_leads_nowhere(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("name a VM and a file, as in 'qopen-in-vm work report.odt', or use "
		      "--ssh=HOST or --via=COMMAND; without these, stdin and stdout must lead to "
		      "another VM");
		return EXIT_USAGE;
	}
	if (settled < 0) {
		warnx("%s; nothing was sent", failure);
		return EXIT_FAILED;
	}
	if (!file_ok(&options))
		return EXIT_FAILED;
	if (options.calling.vm)
		return call_vm(&options, argv[0]);
	session.has_command = has_command(&options);
	session.about = (struct explain){
		.file = options.file,
		.vm = other_vm(&options),
		.quiet = options.calling.quiet,
		.verbose = options.calling.verbose,
		.view_only = options.view_only,
		.in_place = options.in_place,
	};
	return open_there(&session, &options);
}
