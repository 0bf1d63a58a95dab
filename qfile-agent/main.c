/*
 * qfile-agent: send files and directories to another virtual machine.
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
#include "options.h"
#include "probe.h"
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

/* Start the command that leads to the receiver. Returns 0, or a negative errno after a message. */
static int call_receiver(struct transfer *transfer, struct peer *peer)
{
	const struct calling_options *calling = &transfer->options->calling;
	struct ending *ending = &transfer->report.ending;
	int r = 0;

	show_phase(&transfer->show, SHOW_CALLING);
	if (calling->via && !calling_is_named(calling, &receiver))
		r = probe_receiver(calling, transfer->ends.stop, transfer->signals, ending);
	if (r == 0) {
		r = via_start(calling, &receiver, peer);
		if (r == 0)
			return 0;
		*ending = (struct ending){.outcome = "failed", .code = (uint32_t)-r, .entry = ""};
		snprintf(ending->message, sizeof(ending->message),
			 "running %s: %s; nothing was copied", calling->ssh ? "ssh" : "a shell",
			 strerror(-r));
	}
	show_clear(&transfer->show);
	report_say(&transfer->report);
	return r;
}

static int transfer_to(struct transfer *transfer, const struct peer *peer)
{
	struct via_end end;
	int r;

	transfer->ends.in = peer->in;
	transfer->ends.out = peer->out;
	r = transfer_run(transfer);
	if (transfer->has_command) {
		end = via_end(peer, r == -ECANCELED);
		if (r == -ECONNRESET || r == -EREMOTEIO)
			transfer_say_late(transfer, r, &end);
	}
	return r;
}

static int send_to_peer(struct transfer *transfer)
{
	struct peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	const struct options *options = transfer->options;
	int r;

	/* transfer_run() sees what cannot be read, and ends there unless the user has agreed. */
	transfer->ends.flags |= QFILE_SKIP_UNREADABLE;
	transfer->ends.journal = options->move ? open_journal() : -1;
	transfer->has_command = has_command(options);
	r = transfer->has_command ? call_receiver(transfer, &peer) : 0;
	if (r == 0)
		r = transfer_to(transfer, &peer);
	report_last(&transfer->report, &transfer->show);
	if (r == -ECANCELED)
		stop_die(transfer->signals);
	return r < 0 ? EXIT_FAILED : r > 0 ? EXIT_PARTLY : 0;
}

/* Is this a status that our own program never ends with, and so the client's? */
static bool is_clients(int status)
{
	return status > EXIT_PARTLY && status < 128;
}

/* The client has ended, and no report has come. */
static void report_for_client(struct transfer *transfer, int status)
{
	struct ending *ending = &transfer->report.ending;
	bool failed = status >= RPC_FAILED && status <= RPC_FAILED_LAST;

	ending->entry = "";
	ending->code = ECONNRESET;
	ending->outcome = failed ? "failed" : "unknown";
	snprintf(ending->message, sizeof(ending->message),
		 failed ? "the call failed, as the rpc client has said (status %d); nothing was "
			  "copied"
			: "the rpc client ended with status %d, and no report has come",
		 status);
	report_last(&transfer->report, &transfer->show);
}

/* Call through the rpc client. Where programs wait for the report, they get one in any case. */
static int call_vm(struct transfer *transfer, const char *program)
{
	enum vm_report reported = VM_UNHEARD;
	int status;

	if (transfer->show.mode != SHOW_JSON)
		return vm_call(transfer->options, program, NULL);
	show_phase(&transfer->show, SHOW_CALLING);
	status = vm_call(transfer->options, program, &reported);
	if (status < 0)
		status = RPC_FAILED;
	if (reported == VM_REPORTED || (reported == VM_UNHEARD && !is_clients(status)))
		return status;
	report_for_client(transfer, status);
	return status == 0 ? EXIT_FAILED : status;
}

/*
 * Where the receiver is: the host of --ssh, or the VM that an rpc client connects us with. A
 * command of --via may lead anywhere: NULL.
 */
static const char *other_side(const struct calling_options *calling)
{
	static char host[128];
	const char *remote = getenv("QREXEC_REMOTE_DOMAIN"), *named = calling_host(calling);

	if (named) {
		qfile_printable(named, strlen(named), host, sizeof(host));
		return host;
	}
	if (calling->via || !remote || !calling_target_ok(remote))
		return NULL;
	/* Which VM the rpc client has chosen or made, it does not tell. */
	return *remote == '@' ? "the other VM" : remote;
}

/* What the sender is made with, and what is said of it. */
static void prepare(struct transfer *transfer, const struct options *options)
{
	struct report *report = &transfer->report;
	const struct show *show = &transfer->show;

	transfer->options = options;
	transfer->signals = -1;
	transfer->ends = (struct qfile_sender_options)QFILE_SENDER_OPTIONS_INIT;
	transfer->ends.flags = options->flags;
	transfer->ends.exclude = options->exclude;
	report->options = options;
	/* Programs read other things on stderr, line by line. */
	report->quiet =
		options->calling.quiet ||
		((show->mode == SHOW_JSON || show->mode == SHOW_GUI) && show->fd == STDERR_FILENO);
	report->to = other_side(&options->calling);
	report->reports_to = vm_reports_to();
}

/* The settings cannot be used: the service may have another name. */
static int refuse_settings(struct transfer *transfer, int code, const char *failure)
{
	struct ending *ending = &transfer->report.ending;

	*ending = (struct ending){.outcome = "failed", .code = (uint32_t)-code, .entry = ""};
	snprintf(ending->message, sizeof(ending->message), "%s; nothing was copied", failure);
	report_say(&transfer->report);
	report_last(&transfer->report, &transfer->show);
	return EXIT_FAILED;
}

static int run(struct transfer *transfer, const char *program)
{
	const struct options *options = transfer->options;
	struct report *report = &transfer->report;
	int status;

	if (!sources_open(&transfer->sources, options, &report->left_out, &report->ending)) {
		report_last(report, &transfer->show);
		return EXIT_FAILED;
	}
	report->sources = transfer->sources.list;
	report->source_count = transfer->sources.count;
	/* The rpc client must find all signals as they were, and the descriptor of the progress. */
	if (!options->calling.vm && !options->dry_run) {
		transfer->signals = stop_open();
		/* Nobody but us writes the progress, least of all the command of --via. */
		transfer->ends.stop = show_watch(&transfer->show, transfer->signals);
	}
	status = survey(transfer);
	if (status >= 0) {
		report_last(report, &transfer->show);
		if (transfer->signals >= 0)
			stop_die(transfer->signals);
		return status;
	}
	return options->calling.vm ? call_vm(transfer, program) : send_to_peer(transfer);
}

int main(int argc, char **argv)
{
	static struct transfer transfer;
	static struct settings settings;
	char failure[SETTINGS_FAILURE_SIZE];
	struct options options;
	int status, settled;

	descriptors_fill();
	stack_need();
	/* Characters of names, for --exclude. */
	setlocale(LC_CTYPE, "");
	/* One write per line: other programs may share stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	settled = settings_load(&settings, failure);
	status = options_parse(&options, &settings, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&transfer.show, options.calling.progress))
		return usage_value("qfile-agent", "--progress takes auto, tty, json or none, not",
				   options.calling.progress);
	if (options.calling.quiet && !options.calling.progress && transfer.show.mode == SHOW_TTY)
		transfer.show.mode = SHOW_NONE;
	if (options.progress_fd >= 0)
		show_on(&transfer.show, options.progress_fd);
	if (!options.calling.vm && !has_command(&options) && !options.dry_run &&
	    (call_leads_nowhere(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to a receiver: use --vm=NAME, --ssh=HOST or "
		      "--via=COMMAND to call one; nothing was copied");
		return EXIT_USAGE;
	}
	prepare(&transfer, &options);
	if (settled < 0)
		return refuse_settings(&transfer, settled, failure);
	return run(&transfer, argv[0]);
}
