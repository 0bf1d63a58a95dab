/*
 * qfile-agent: send files and directories to another virtual machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/call.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "cli/usage.h"
#include "cli/via.h"
#include "options.h"
#include "sources.h"
#include "transfer.h"
#include "vm.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A file without a name. Not in memory, if possible: it grows with the number of entries. */
static int open_journal(void)
{
	const char *directory = getenv("TMPDIR");
	char path[] = "/tmp/qfile-agent.XXXXXX";
	int fd = open(directory && *directory ? directory : "/var/tmp",
		      O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	fd = mkostemp(path, O_CLOEXEC); /* not every file system has O_TMPFILE */
	if (fd < 0)
		err(EXIT_FAILED, "making a temporary file for --move");
	unlink(path);
	return fd;
}

/*
 * End the command, which has no more to read. If no result came, how the command ended may explain
 * why.
 */
static void end_command(const struct peer *peer, int result)
{
	int status = via_end(peer);

	if (result == -ECONNRESET && status != -1)
		via_explain(status);
}

static int send_to_peer(struct transfer *transfer)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	const struct options *options = transfer->options;
	int r;

	transfer->ends = (struct qfile_sender_options)QFILE_SENDER_OPTIONS_INIT;
	transfer->signals = stop_open();
	/* Nobody but us writes the progress, least of all the command of --via. */
	transfer->ends.stop = show_watch(&transfer->show, transfer->signals);
	transfer->ends.flags = options->flags;
	transfer->ends.journal = options->move ? open_journal() : -1;
	if (options->via)
		show_phase(&transfer->show, SHOW_CALLING);
	r = options->via ? call_command(options->via, environ, &peer) : 0;
	if (r < 0)
		errx(EXIT_FAILED, "running a shell: %s", strerror(-r));
	transfer->ends.in = peer.in;
	transfer->ends.out = peer.out;
	r = transfer_run(transfer);
	if (options->via)
		end_command(&peer, r);
	report_last(&transfer->report, &transfer->show);
	if (r == -ECANCELED)
		stop_die(transfer->signals);
	return r < 0 ? EXIT_FAILED : 0;
}

/* Become the rpc client. */
static int call_vm(struct transfer *transfer, const char *program)
{
	struct ending *ending = &transfer->report.ending;
	int status;

	if (transfer->show.mode == SHOW_JSON)
		show_phase(&transfer->show, SHOW_CALLING);
	status = vm_call(transfer->options, program);
	ending->outcome = "failed";
	snprintf(ending->message, sizeof(ending->message), "the rpc client could not be started");
	report_last(&transfer->report, &transfer->show);
	return status;
}

/*
 * The name of the other VM, if an rpc client connects us with one. A command of --via may lead
 * anywhere.
 */
static const char *other_vm(const struct options *options)
{
	const char *remote = getenv("QREXEC_REMOTE_DOMAIN");

	return !options->via && remote && qfile_vm_name_ok(remote) ? remote : NULL;
}

int main(int argc, char **argv)
{
	static struct transfer transfer;
	struct options options;
	int status;

	descriptors_fill();
	stack_need();
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&transfer.show, options.progress))
		return usage_value("qfile-agent", "--progress takes auto, tty, json or none, not",
				   options.progress);
	if (options.quiet && !options.progress && transfer.show.mode == SHOW_TTY)
		transfer.show.mode = SHOW_NONE;
	if (options.progress_fd >= 0)
		show_on(&transfer.show, options.progress_fd);
	if (!options.vm && !options.via && (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to a receiver: use --vm=NAME or --via=COMMAND to "
		      "call one");
		return EXIT_USAGE;
	}
	transfer.options = &options;
	/* Programs read other things on stderr, line by line. */
	transfer.report.quiet =
		options.quiet ||
		((transfer.show.mode == SHOW_JSON || transfer.show.mode == SHOW_GUI) &&
		 transfer.show.fd == STDERR_FILENO);
	transfer.report.options = &options;
	transfer.sources = sources_open(&options, &transfer.report.ending);
	if (!transfer.sources) {
		report_last(&transfer.report, &transfer.show);
		return EXIT_FAILED;
	}
	transfer.report.to = other_vm(&options);
	transfer.report.sources = transfer.sources;
	transfer.report.source_count = options.count;
	return options.vm ? call_vm(&transfer, argv[0]) : send_to_peer(&transfer);
}
