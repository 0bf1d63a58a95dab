/*
 * qfile-agent: send files and directories to another virtual machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "options.h"
#include "sources.h"
#include "transfer.h"
#include "vm.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A file without a name, on a disk rather than in memory: it grows with the number of entries. */
static int open_journal(void)
{
	const char *directory = getenv("TMPDIR");
	char path[] = "/tmp/qfile-agent.XXXXXX";
	int fd = open(directory && *directory ? directory : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	fd = mkostemp(path, O_CLOEXEC); /* not every file system has O_TMPFILE */
	if (fd < 0)
		err(EXIT_FAILED, "making a temporary file for --move");
	unlink(path);
	return fd;
}

/* Die of the signal that stopped us, so that a shell or script sees what happened. */
static void die_of_signal(int stop)
{
	struct signalfd_siginfo info;
	sigset_t signals;

	if (read(stop, &info, sizeof(info)) != sizeof(info))
		return;
	signal((int)info.ssi_signo, SIG_DFL);
	raise((int)info.ssi_signo);
	sigemptyset(&signals);
	sigaddset(&signals, (int)info.ssi_signo);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

#define PATIENCE 2000 /* milliseconds, for a command that has nothing more to do */

/* Has the command ended by itself by then? */
static bool ends_by_itself(pid_t pid)
{
	struct pollfd pollfd = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool ended = pollfd.fd < 0 || poll(&pollfd, 1, PATIENCE) != 0;

	if (pollfd.fd >= 0)
		close(pollfd.fd);
	return ended;
}

/*
 * The answer is here, and the command at the other end has no more to read: wait for it, but not for ever, and say how it ended where
 * that explains the failure.
 */
static void end_peer(const struct qfile_peer *peer, int result)
{
	int status;

	close(peer->out);
	close(peer->in);
	if (!ends_by_itself(peer->pid)) {
		kill(peer->pid, SIGTERM);
		if (!ends_by_itself(peer->pid))
			return;
	}
	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (result != -ECONNRESET)
		return;
	if (WIFEXITED(status))
		warnx("the command of --via ended with status %d", WEXITSTATUS(status));
	else
		warnx("the command of --via was killed by signal %d", WTERMSIG(status));
}

static int send_to_peer(struct transfer *transfer)
{
	struct qfile_peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	const struct options *options = transfer->options;
	int r;

	transfer->ends.stop = qfile_stop_open();
	transfer->ends.flags = options->flags;
	transfer->ends.journal = options->move ? open_journal() : -1;
	if (options->via && (r = qfile_call_command(options->via, environ, &peer)) < 0)
		errx(EXIT_FAILED, "running a shell: %s", strerror(-r));
	transfer->ends.in = peer.in;
	transfer->ends.out = peer.out;
	r = transfer_run(transfer);
	if (options->via)
		end_peer(&peer, r);
	if (r == -ECANCELED)
		die_of_signal(transfer->ends.stop);
	return r < 0 ? EXIT_FAILED : 0;
}

int main(int argc, char **argv)
{
	static struct transfer transfer;
	struct options options;
	int status;

	qfile_descriptors_fill();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a message is one write: others may share our stderr */
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (!show_init(&transfer.show, options.progress)) {
		warnx("--progress takes auto, tty, json or none, not \"%s\"", options.progress);
		return EXIT_USAGE;
	}
	if (!options.vm && !options.via && (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))) {
		warnx("stdin and stdout must lead to a receiver: use --vm=NAME or --via=COMMAND to call one");
		return EXIT_USAGE;
	}
	transfer.options = &options;
	transfer.sources = sources_open(&options);
	if (!transfer.sources)
		return EXIT_FAILED;
	return options.vm ? vm_call(&options, argv[0]) : send_to_peer(&transfer);
}
