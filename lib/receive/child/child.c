/*
 * The monitor and its confined child: start it, listen to it, end it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/child.h"

#include "format/error.h"
#include "io/stream.h"
#include "receive/child/unpack.h"
#include "receive/child/writer.h"
#include "sandbox/sandbox.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int report_layers(int fd, enum report_kind kind, int code, unsigned layers)
{
	struct report report = {.kind = kind, .code = (uint32_t)code, .layers = layers};

	return report_send(fd, &report, "");
}

static void start_writer(void *writer)
{
	*(struct writer **)writer = writer_start();
}

/* What the child does. Its exit status does not matter: the monitor relies on the reports. */
static _Noreturn void be_child(const struct child *child, struct sandbox *sandbox, int report_fd,
			       int stderr_fd)
{
	const struct qfile_receive_options *options = child->options;
	struct unpack_options unpack_options = {
		.in = STDIN_FILENO,
		.report = STDOUT_FILENO,
		.flags = options->flags,
		.timeout = options->timeout,
		.limits = options->limits,
		.folds = child->folds,
		.sync_each = child->sync_each,
	};
	struct report report = {.kind = REPORT_DONE};
	static char last[QFILE_NAME_MAX]; /* of this process alone */

	/* The child keeps only three pipes that the monitor made. */
	if (dup2(child->stream.fd, STDIN_FILENO) < 0 || dup2(report_fd, STDOUT_FILENO) < 0 ||
	    dup2(stderr_fd, STDERR_FILENO) < 0)
		_exit(1);
	unpack_options.root =
		sandbox_enter(sandbox, child->tree, start_writer, &unpack_options.writer);
	if (unpack_options.root < 0) {
		report_layers(STDOUT_FILENO, REPORT_UNCONFINED, -unpack_options.root,
			      sandbox->failed);
		_exit(1);
	}
	/* This fails if the monitor was killed before the child asked to be killed with it. */
	if (report_layers(STDOUT_FILENO, REPORT_CONFINED, 0, sandbox->layers) < 0)
		_exit(1);
	umask(0); /* files get the modes that were sent */
	report.code = (uint32_t)-unpack(&unpack_options, &report.received, last);
	report.namelen = (uint32_t)strlen(last);
	report_send(STDOUT_FILENO, &report, last);
	_exit(0);
}

/*
 * A top-level entry is coming. If its name is taken, end the delivery before the data of the entry
 * has been sent.
 */
static int check_entry(struct child *child)
{
	if (child->options->on_conflict == QFILE_CONFLICT_FAIL &&
	    faccessat(child->options->incoming, child->reader.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(child->error, -EEXIST, NULL, child->reader.name);
	return 0;
}

static int unconfined(struct child *child)
{
	const struct report *report = &child->reader.report;
	const char *layer = qfile_layer_name(report->layers);

	/* What the starter granted is too little; else the system forbids something. */
	if (report->code == EMFILE || report->code == ENFILE || report->code == ENOMEM)
		return error_set(child->error, -(int)report->code,
				 "confining the unpacking process", layer);
	error_set(child->error, -EPERM, "confining the unpacking process", layer);
	/* Even root cannot set one up without /proc. */
	if (geteuid() != 0 || access("/proc/self", F_OK) < 0)
		child->error->hint = sandbox_hint(-(int)report->code);
	return -EPERM;
}

/* The last report of the child. */
static int done(struct child *child)
{
	const struct report *report = &child->reader.report;
	int r = -(int)report->code;

	child->outcome->received = report->received;
	child->last = child->reader.name;
	error_set(child->error, r, NULL, child->last);
	if (r == -EINVAL)
		child->error->hint = "the stream is malformed";
	else if (r == -ETIMEDOUT)
		child->error->hint = "the sender fell silent";
	return r < 0 ? r : 1;
}

/* Act on a report. Returns 1 if it was the last. */
static int act_on_report(struct child *child)
{
	const struct report *report = &child->reader.report;
	/*
	 * The first report, and only that one, tells the layers. The child sends it before it reads
	 * the stream, so that the sender cannot influence it.
	 */
	bool begins = report->kind == REPORT_CONFINED || report->kind == REPORT_UNCONFINED;

	if (begins == child->confined)
		return error_set(child->error, -EPROTO, "listening to the unpacking process", NULL);
	switch (report->kind) {
	case REPORT_CONFINED:
		child->confined = true;
		child->outcome->layers = report->layers;
		return 0;
	case REPORT_UNCONFINED:
		return unconfined(child);
	case REPORT_ENTRY:
		return check_entry(child);
	case REPORT_GROWN:
		if (child->grown)
			child->grown(child->observer);
		return 0;
	case REPORT_UNSYNCED:
		child->unsynced = true;
		return 0;
	default:
		return done(child);
	}
}

/*
 * Milliseconds that the child still has, as a timeout for poll(2). As long as the stream is open,
 * the child itself applies the timeout to the sender.
 */
static int time_left(const struct child *child)
{
	int64_t left = child->deadline - clock_now();

	return !child->ended || child->options->timeout == 0 ? -1 : left > 0 ? (int)left : 0;
}

/*
 * Wait for a report. Returns 1 if there is something to read. Once the stream has ended, the child
 * soon has read all of it: one that goes on has been taken over, and must not keep the staging
 * directory for ever.
 */
static int wait_for_report(struct child *child)
{
	struct pollfd pollfds[4] = {
		{.fd = child->reader.fd, .events = POLLIN},
		{.fd = child->options->stop, .events = POLLIN},
		/* The end of a pipe is always reported, as POLLHUP. */
		{.fd = child->ended ? -1 : child->stream.fd},
		{.fd = child->said.fd, .events = POLLIN},
	};
	int left = time_left(child);

	if (poll(pollfds, 4, left) < 0)
		return errno == EINTR ? 0
				      : error_set(child->error, -errno,
						  "listening to the unpacking process", NULL);
	if (pollfds[1].revents)
		return error_set(child->error, -ECANCELED, NULL, NULL);
	if (pollfds[2].revents) {
		child->ended = true;
		child->deadline = clock_now() + stream_timeout(child->options->timeout);
	}
	if (pollfds[3].revents)
		said_listen(&child->said);
	if (left == 0)
		return error_set(child->error, -ETIMEDOUT, "ending the unpacking process", NULL);
	return pollfds[0].revents != 0;
}

/* Listen to the child until it is done, it fails, or the user wants to stop. */
static int listen_to_child(struct child *child)
{
	for (;;) {
		int r = wait_for_report(child);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = report_receive(&child->reader);
		if (r < 0)
			return error_set(child->error, r == -ECONNRESET ? -ECHILD : r,
					 "listening to the unpacking process", NULL);
		if (r > 0)
			r = act_on_report(child);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

/* Start the child, listen to it, and end it. What it has to itself is in *child. */
static int run_with(struct child *child, int report_fd, int stderr_fd)
{
	struct sandbox sandbox;
	pid_t pid = sandbox_fork(&sandbox);
	int r;

	if (pid == 0)
		be_child(child, &sandbox, report_fd, stderr_fd);
	close(report_fd);
	close(stderr_fd);
	if (pid == -EAGAIN || pid == -ENOMEM)
		return error_set(child->error, pid, "starting the unpacking process", NULL);
	if (pid < 0) {
		error_set(child->error, -EPERM, "confining the unpacking process", NULL);
		child->error->hint = sandbox_hint(pid);
		return -EPERM;
	}
	r = listen_to_child(child);
	/* Even a child that was taken over must not change the staging directory from now on. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* Its stdout, for reports, and its stderr. */
static int run_with_pipes(struct child *child)
{
	int fds[2], stderr_fd, r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(child->error, -errno, "making a pipe", NULL);
	child->reader.fd = fds[0];
	stderr_fd = said_open(&child->said);
	if (stderr_fd < 0) {
		close(fds[1]);
		r = error_set(child->error, stderr_fd, "making a pipe", NULL);
	} else {
		r = run_with(child, fds[1], stderr_fd);
		said_close(&child->said, child->outcome->said);
	}
	close(fds[0]);
	return r;
}

int child_run(struct child *child)
{
	int r = relay_open(&child->stream, child->options->in), failed;

	if (r < 0)
		return error_set(child->error, r, "opening the stream", NULL);
	r = run_with_pipes(child);
	failed = relay_close(&child->stream);
	/* The child saw no more than the end of its pipe. */
	if (r == -QFILE_ETRUNCATED && failed < 0)
		r = error_set(child->error, failed, "reading the stream", child->last);
	return r;
}
