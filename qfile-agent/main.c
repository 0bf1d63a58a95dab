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
#include "lost.h"
#include "options.h"
#include "probe.h"
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

/* Does a command lead to the receiver? Otherwise it is at stdin and stdout. */
static bool has_command(const struct options *options)
{
	return options->calling.via || options->calling.ssh;
}

/* Start the command that leads to the receiver, if there is one. */
static int call_receiver(const struct transfer *transfer, struct peer *peer)
{
	const struct calling_options *calling = &transfer->options->calling;
	int r = 0;

	if (calling->via && !calling_is_named(calling, &receiver))
		r = probe_receiver(calling, transfer->ends.stop);
	if (r == 0 && has_command(transfer->options)) {
		r = via_start(calling, &receiver, peer);
		if (r < 0)
			warnx("running %s: %s; nothing was copied", calling->ssh ? "ssh" : "a shell",
			      strerror(-r));
	}
	return r;
}

static int transfer_to(struct transfer *transfer, const struct peer *peer)
{
	struct via_end end;
	int r;

	transfer->ends.in = peer->in;
	transfer->ends.out = peer->out;
	transfer->has_command = has_command(transfer->options);
	r = transfer_run(transfer);
	if (transfer->has_command) {
		end = via_end(peer, r == -ECANCELED);
		if (r == -ECONNRESET)
			explain_lost(&transfer->options->calling, &end, transfer->unfinished);
	}
	return r;
}

static int send_to_peer(struct transfer *transfer)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	const struct options *options = transfer->options;
	int r;

	/* Nobody but us writes there, least of all the command of --via. */
	if (options->progress_fd >= 0)
		fcntl(options->progress_fd, F_SETFD, FD_CLOEXEC);
	transfer->ends = (struct qfile_sender_options)QFILE_SENDER_OPTIONS_INIT;
	transfer->ends.stop = stop_open();
	transfer->ends.flags = options->flags;
	transfer->ends.journal = options->move ? open_journal() : -1;
	r = call_receiver(transfer, &peer);
	if (r == 0)
		r = transfer_to(transfer, &peer);
	if (r == -ECANCELED)
		stop_die(transfer->ends.stop);
	return r < 0 ? EXIT_FAILED : 0;
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
	if (!show_init(&transfer.show, options.calling.progress))
		return usage_value("qfile-agent", "--progress takes auto, tty, json or none, not",
				   options.calling.progress);
	if (options.progress_fd >= 0)
		show_on(&transfer.show, options.progress_fd);
	if (!options.calling.vm && !has_command(&options) &&
	    (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to a receiver: use --vm=NAME, --ssh=HOST or "
		      "--via=COMMAND to call one");
		return EXIT_USAGE;
	}
	transfer.options = &options;
	transfer.sources = sources_open(&options);
	if (!transfer.sources)
		return EXIT_FAILED;
	return options.calling.vm ? vm_call(&options, argv[0]) : send_to_peer(&transfer);
}
