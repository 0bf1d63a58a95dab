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
#include "survey.h"
#include "transfer.h"
#include "vm.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
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

	/* Nobody but us writes there, least of all the command of --via. */
	if (options->progress_fd >= 0)
		fcntl(options->progress_fd, F_SETFD, FD_CLOEXEC);
	/* transfer_run() sees what cannot be read, and ends there unless the user has agreed. */
	transfer->ends.flags |= QFILE_SKIP_UNREADABLE;
	transfer->ends.journal = options->move ? open_journal() : -1;
	r = options->via ? call_command(options->via, environ, &peer) : 0;
	if (r < 0)
		errx(EXIT_FAILED, "running a shell: %s", strerror(-r));
	transfer->ends.in = peer.in;
	transfer->ends.out = peer.out;
	r = transfer_run(transfer);
	if (options->via)
		end_command(&peer, r);
	if (r == -ECANCELED)
		stop_die(transfer->ends.stop);
	return r < 0 ? EXIT_FAILED : r > 0 ? EXIT_PARTLY : 0;
}

int main(int argc, char **argv)
{
	static struct transfer transfer;
	struct options options;
	int status;

	descriptors_fill();
	stack_need();
	/* Characters of names, for --exclude. */
	setlocale(LC_CTYPE, "");
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&transfer.show, options.progress))
		return usage_value("qfile-agent", "--progress takes auto, tty, json or none, not",
				   options.progress);
	if (options.progress_fd >= 0)
		show_on(&transfer.show, options.progress_fd);
	if (!options.vm && !options.via && !options.dry_run &&
	    (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to a receiver: use --vm=NAME or --via=COMMAND to "
		      "call one");
		return EXIT_USAGE;
	}
	transfer.options = &options;
	if (!sources_open(&transfer.sources, &transfer.left_out, &options))
		return EXIT_FAILED;
	transfer.ends = (struct qfile_sender_options)QFILE_SENDER_OPTIONS_INIT;
	transfer.ends.flags = options.flags;
	transfer.ends.exclude = options.exclude;
	/* The rpc client must find all signals as they were. */
	if (!options.vm && !options.dry_run)
		transfer.ends.stop = stop_open();
	status = survey(&transfer);
	if (status >= 0)
		return status;
	return options.vm ? vm_call(&options, argv[0]) : send_to_peer(&transfer);
}
