/*
 * qopen-in-vm: open a file in another virtual machine, and bring back what is saved there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/call.h"
#include "cli/rpc.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "cli/via.h"
#include "keep.h"
#include "open/opener/opener.h"
#include "options.h"
#include "session.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Can the file be opened in another VM? Check that before the VM is called. */
static bool file_ok(const struct options *options)
{
	struct opener_options nobody = {.in = -1, .out = -1, .stop = -1, .view_only = true};
	static struct qfile_error error;
	struct opener *opener;

	if (opener_new(&opener, options->file, &nobody, &error) < 0) {
		explain_refusal(options->file, &error);
		return false;
	}
	opener_free(opener);
	return true;
}

static int call_vm(const struct options *options, const char *program)
{
	char from[128], progress[32], max_bytes[40];
	const char *arguments[9];
	size_t n = 0;

	snprintf(from, sizeof(from), "--from=%s", options->vm);
	arguments[n++] = from;
	if (options->view_only)
		arguments[n++] = "--view-only";
	if (options->quiet)
		arguments[n++] = "--quiet";
	if (options->verbose)
		arguments[n++] = "--verbose";
	if (options->max_bytes != UINT64_MAX) {
		snprintf(max_bytes, sizeof(max_bytes), "--max-bytes=%ju",
			 (uintmax_t)options->max_bytes);
		arguments[n++] = max_bytes;
	}
	if (options->progress) {
		snprintf(progress, sizeof(progress), "--progress=%s", options->progress);
		arguments[n++] = progress;
	}
	arguments[n++] = "--";
	arguments[n++] = options->file;
	arguments[n] = NULL;
	rpc_call(options->vm, options->service ? options->service : "PedOS.OpenInVM", program,
		 arguments);
	return EXIT_FAILED;
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
		explain_notes(&session->about, opener_notes(session->opener));
	return r;
}

/*
 * End the command. Its status is a part of the result, because an old editor cannot report a
 * failure in any other way. It may also explain why the connection was lost.
 */
static int end_command(const struct peer *peer, int result)
{
	int status = via_end(peer);

	if (status > 0 && (result == 0 || result == -ECONNRESET))
		via_explain(status);
	return status > 0 && result == 0 ? -1 : result;
}

static int open_there(struct session *session, const struct options *options)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	int signals = stop_open(), stop = show_watch(&session->show, signals), r;

	r = options->via ? call_command(options->via, environ, &peer) : 0;
	if (r < 0)
		errx(EXIT_FAILED, "running a shell: %s", strerror(-r));
	r = open_file(session, options, &peer, stop);
	if (r == 0) {
		r = session_send(session, peer.out);
		peer.out = -1;
	}
	if (r == 0)
		r = session_take(session);
	opener_free(session->opener);
	if (options->via)
		r = end_command(&peer, r);
	if (r == -ECANCELED)
		stop_die(signals);
	return r < 0 ? EXIT_FAILED : 0;
}

/* The name of the other VM: from the user, or from whoever started this program. */
static const char *other_vm(const struct options *options)
{
	const char *remote = getenv("QREXEC_REMOTE_DOMAIN");

	if (options->from)
		return options->from;
	return remote && qfile_vm_name_ok(remote) ? remote : "another VM";
}

int main(int argc, char **argv)
{
	static struct session session;
	struct options options;
	int status;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&session.show, options.progress)) {
		warnx("--progress takes auto, tty, json or none, not \"%s\"", options.progress);
		return EXIT_USAGE;
	}
	if (options.quiet && !options.progress && session.show.mode == SHOW_TTY)
		session.show.mode = SHOW_NONE;
	if (!options.vm && !options.via && (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to another VM: name one before the file, or use "
		      "--via=COMMAND");
		return EXIT_USAGE;
	}
	if (!file_ok(&options))
		return EXIT_FAILED;
	if (options.vm)
		return call_vm(&options, argv[0]);
	session.about = (struct explain){
		.file = options.file,
		.vm = other_vm(&options),
		.quiet = options.quiet,
		.verbose = options.verbose,
	};
	return open_there(&session, &options);
}
