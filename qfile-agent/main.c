/*
 * qfile-agent: send files and directories to another virtual machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "explain.h"
#include "options.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- What to send ---- */

static int by_base(const void *a, const void *b)
{
	return strcmp((*(const struct qfile_source *const *)a)->base, (*(const struct qfile_source *const *)b)->base);
}

/* Two sources of one base name would collide at the receiver. */
static int check_bases(const struct qfile_source *sources, size_t count)
{
	const struct qfile_source **sorted = calloc(count, sizeof(*sorted));
	char name[300];
	int r = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &sources[i];
	qsort(sorted, count, sizeof(*sorted), by_base);
	for (size_t i = 1; i < count && r == 0; i++) {
		if (by_base(&sorted[i - 1], &sorted[i]) == 0) {
			qfile_displayable(sorted[i]->base, strlen(sorted[i]->base), name, sizeof(name), 255);
			say("two of the arguments have the name \"%s\": send them one after the other, or rename one", name);
			r = -EEXIST;
		}
	}
	free(sorted);
	return r;
}

static void explain_argument(const char *argument, const struct qfile_error *error)
{
	char text[1024];

	if (!*argument)
		say("an argument is empty: name a file or directory");
	else if (error->code == EINVAL)
		say("the root directory has no name to send it under: name what is in it");
	else if (error->code == ENOTSUP)
		say("\"%s\" is neither a file nor a directory nor a link: it cannot be sent", argument);
	else
		say("%s", qfile_error_text(error, text, sizeof(text)));
}

/* Look at all arguments before anything is sent. */
static struct qfile_source *open_sources(const struct options *options)
{
	struct qfile_source *sources = calloc(options->count, sizeof(*sources));
	struct qfile_error error;
	size_t wrong = 0;

	if (!sources) {
		say("out of memory");
		return NULL;
	}
	for (size_t i = 0; i < options->count; i++) {
		if (qfile_source_open(&sources[i], options->arguments[i], options->flags & QFILE_DEREFERENCE, &error) < 0) {
			explain_argument(options->arguments[i], &error);
			wrong++;
		}
	}
	return wrong == 0 && check_bases(sources, options->count) == 0 ? sources : NULL;
}

/* ---- Whom to send it to ---- */

/* Become the rpc client, which will run this program again with its stdin and stdout joined to the service's. */
static int call_vm(const struct options *options, char **argv)
{
	char client[4096], self[PATH_MAX], service[256];
	const char *preferred = getenv("PEDOS_RPC_CLIENT");
	const char *base = options->service ? options->service : "PedOS.Filecopy";
	char **call = calloc(options->count + 10, sizeof(*call));
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t n = 0;

	if (!call) {
		say("out of memory");
		return EXIT_FAILED;
	}
	if (preferred && *preferred) {
		snprintf(client, sizeof(client), "%s", preferred);
	} else if (qfile_call_find_client(getenv("PATH"), client) < 0) {
		say("there is no rpc client here: install qrexec or pedos-rpc, name one in PEDOS_RPC_CLIENT, or use --via=COMMAND");
		return EXIT_FAILED;
	}
	if (snprintf(service, sizeof(service), "%s%s%s%s", base, options->allow_all_names || options->rename ? "+" : "",
	             options->allow_all_names ? options->rename ? "allow-all-names+" : "allow-all-names" : "",
	             options->rename ? "rename" : "") >= (int)sizeof(service)) {
		say("the service's name is too long");
		return EXIT_USAGE;
	}
	self[length > 0 ? length : 0] = '\0';
	call[n++] = client;
	call[n++] = (char *)options->vm;
	call[n++] = service;
	call[n++] = length > 0 ? self : argv[0];
	if (options->move)
		call[n++] = (char *)"--move";
	if (options->flags & QFILE_IGNORE_LINKS)
		call[n++] = (char *)"--ignore-symlinks";
	if (options->flags & QFILE_DEREFERENCE)
		call[n++] = (char *)"--dereference";
	if (options->progress) {
		static char progress[32];

		snprintf(progress, sizeof(progress), "--progress=%s", options->progress);
		call[n++] = progress;
	}
	call[n++] = (char *)"--";
	memcpy(call + n, options->arguments, options->count * sizeof(*call));
	execvp(client, call);
	say("cannot run the rpc client %s: %s", client, strerror(errno));
	return EXIT_FAILED;
}

/* ---- Sending ---- */

struct transfer {
	const struct options *options;
	const struct qfile_source *sources;
	struct qfile_sender_options ends;
	struct qfile_sender *sender;
	struct show show;
	struct qfile_error error;
	struct qfile_result result;
};

/* Send all sources. Returns 1 where the receiver did not wait for the end. */
static int send_sources(struct transfer *transfer)
{
	char name[300];

	for (size_t i = 0; i < transfer->options->count; i++) {
		int step;

		qfile_sender_begin(transfer->sender, &transfer->sources[i]);
		while ((step = qfile_sender_step(transfer->sender, &transfer->error)) != QFILE_STEP_DONE) {
			if (step < 0)
				return step;
			if (step == QFILE_STEP_ANSWER)
				return 1;
			if (step == QFILE_STEP_SKIPPED) {
				const char *skipped = qfile_sender_name(transfer->sender);

				qfile_displayable(skipped, strlen(skipped), name, sizeof(name), 255);
				show_clear(&transfer->show);
				say("skipped \"%s\": it is neither a file nor a directory nor a link", name);
			}
			show_progress(&transfer->show, transfer->sender);
		}
	}
	return 0;
}

static int run_transfer(struct transfer *transfer)
{
	int r = 0;

	if (show_wants_total(&transfer->show)) {
		for (size_t i = 0; i < transfer->options->count && r == 0; i++)
			r = qfile_measure(&transfer->sources[i], transfer->options->flags, transfer->ends.stop, &transfer->show.total, &transfer->error);
		if (r < 0)
			return r;
	}
	r = qfile_sender_new(&transfer->sender, &transfer->ends);
	if (r < 0) {
		transfer->error = (struct qfile_error){.code = -r};
		return r;
	}
	r = send_sources(transfer);
	if (r >= 0)
		r = qfile_sender_finish(transfer->sender, &transfer->result, &transfer->error);
	if (r == 0)
		show_end(&transfer->show, transfer->sender);
	else
		show_clear(&transfer->show);
	return r;
}

/* Remove what was sent. Returns whether all of it could go. */
static bool remove_sent(int journal)
{
	struct qfile_remover *remover;
	struct qfile_error kept;
	bool all = true;
	int r = qfile_remover_new(&remover, journal);

	if (r == 0) {
		while ((r = qfile_remover_next(remover, &kept)) > 0) {
			explain_kept(&kept);
			all = false;
		}
		qfile_remover_free(remover);
	}
	if (r < 0)
		say("everything was copied, but not all of it could be removed here: %s", strerror(-r));
	return all && r == 0;
}

/* A file without a name, on a disk rather than in memory: it grows with the number of entries. */
static int open_journal(void)
{
	const char *directory = getenv("TMPDIR");
	int fd = open(directory && *directory ? directory : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0) {
		char path[] = "/tmp/qfile-agent.XXXXXX";

		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	return fd;
}

/* Signals that mean "stop" are read from a descriptor, together with all else that a transfer waits for. */
static int open_stop(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN); /* a receiver that goes away is an answer, not a death */
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Die of the signal that stopped us, so that a shell or script sees what happened. */
static void die_of_signal(int stop)
{
	struct signalfd_siginfo info;
	sigset_t all;

	if (read(stop, &info, sizeof(info)) != sizeof(info))
		return;
	signal((int)info.ssi_signo, SIG_DFL);
	sigemptyset(&all);
	sigaddset(&all, (int)info.ssi_signo);
	raise((int)info.ssi_signo);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
}

/* The command at the other end has no more to read: wait for it, and say how it ended where that explains the failure. */
static void end_peer(const struct qfile_peer *peer, int result)
{
	int status;

	close(peer->out);
	close(peer->in);
	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (result != -ECONNRESET)
		return;
	if (WIFEXITED(status))
		say("the command of --via ended with status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("the command of --via was killed by signal %d", WTERMSIG(status));
}

static int transfer_all(struct transfer *transfer)
{
	int flags = fcntl(transfer->ends.out, F_GETFL), status = 0, r;

	/* An answer must be noticed even if the receiver no longer reads; what we share with our parent is put back. */
	fcntl(transfer->ends.out, F_SETFL, flags | O_NONBLOCK);
	r = run_transfer(transfer);
	fcntl(transfer->ends.out, F_SETFL, flags);
	if (r < 0) {
		if (r == -ECANCELED)
			say("stopped; nothing was copied");
		else
			explain_failure(r, &transfer->error, &transfer->result);
		status = EXIT_FAILED;
	}
	qfile_sender_free(transfer->sender);
	if (r == 0 && transfer->ends.journal >= 0 && !remove_sent(transfer->ends.journal))
		status = EXIT_FAILED;
	return r == -ECANCELED || r == -ECONNRESET ? r : status;
}

int main(int argc, char **argv)
{
	static struct transfer transfer;
	struct options options;
	struct qfile_peer peer = {.pid = 0, .in = STDIN_FILENO, .out = STDOUT_FILENO};
	int status = options_parse(&options, argc, argv), r;

	if (status >= 0)
		return status;
	if (!show_init(&transfer.show, options.progress)) {
		say("--progress takes auto, tty, json or none, not \"%s\"", options.progress);
		return EXIT_USAGE;
	}
	if (!options.vm && !options.via && (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		say("stdin and stdout must lead to a receiver: use --vm=NAME or --via=COMMAND to call one");
		return EXIT_USAGE;
	}
	transfer.options = &options;
	transfer.sources = open_sources(&options);
	if (!transfer.sources)
		return EXIT_FAILED;
	if (options.vm)
		return call_vm(&options, argv);
	transfer.ends = (struct qfile_sender_options){.stop = open_stop(), .journal = -1, .flags = options.flags};
	if (options.move && (transfer.ends.journal = open_journal()) < 0) {
		say("cannot make a temporary file for --move: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if (options.via && (r = qfile_call_command(options.via, environ, &peer)) < 0) {
		say("cannot run a shell: %s", strerror(-r));
		return EXIT_FAILED;
	}
	transfer.ends.in = peer.in;
	transfer.ends.out = peer.out;
	r = transfer_all(&transfer);
	if (options.via)
		end_peer(&peer, r);
	if (r == -ECANCELED)
		die_of_signal(transfer.ends.stop);
	return r < 0 ? EXIT_FAILED : r;
}
