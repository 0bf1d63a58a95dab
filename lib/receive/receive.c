/*
 * The monitor: receives one delivery through a confined child, commits it, and sends the result.
 *
 * The monitor reads nothing of the stream. The child reads nothing else, and can only fill the
 * staging directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "format/options.h"
#include "io/space.h"
#include "io/stream.h"
#include "receive/commit.h"
#include "receive/report.h"
#include "receive/unpack.h"
#include "receive/verify.h"
#include "sandbox/sandbox.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int report_layers(int fd, enum report_kind kind, int code, unsigned layers)
{
	struct report report = {.kind = kind, .code = (uint32_t)code, .layers = layers};

	return report_send(fd, &report, "");
}

/* What the child does. Its exit status does not matter: the monitor relies on the reports. */
static _Noreturn void be_child(const struct qfile_receive_options *options, struct sandbox *sandbox,
			       int tree, int report_fd)
{
	struct unpack_options unpack_options = {
		.in = STDIN_FILENO,
		.report = STDOUT_FILENO,
		.flags = options->flags,
		.timeout = options->timeout,
		.limits = options->limits,
	};
	struct report report = {.kind = REPORT_DONE};
	char last[QFILE_NAME_MAX];

	/* The child keeps only three descriptors: the stream, the report and stderr. */
	if (dup2(options->in, STDIN_FILENO) < 0 || dup2(report_fd, STDOUT_FILENO) < 0)
		_exit(1);
	unpack_options.root = sandbox_enter(sandbox, tree);
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

struct monitor {
	const struct qfile_receive_options *options;
	struct qfile_receive_outcome *outcome;
	struct staging staging;
	struct report_reader reader;
	bool confined;    /* the child has said so */
	bool ended;       /* the sender has closed the stream, */
	int64_t deadline; /* and the child must be done by then, as clock_now() */
	const char *last; /* the whole name of the child's last entry; NULL: use error->name */
	struct qfile_error *error;
};

/*
 * Wait until there is enough space, the user wants to stop, or nobody waits for the result any
 * more.
 */
static int wait_for_space(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;

	for (;;) {
		/*
		 * Of `out` no event is asked for: POLLERR and POLLHUP, which say that its reader
		 * has gone, are always reported.
		 */
		struct pollfd pollfds[2] = {{.fd = options->stop, .events = POLLIN},
					    {.fd = options->out}};
		uint64_t left;
		int r = space_left(monitor->staging.dir, &left);

		if (r < 0)
			return error_set(monitor->error, r, "looking at the free space", NULL);
		if (left >= options->wait_for_space)
			return 0;
		if (poll(pollfds, 2, 1000) < 0 && errno != EINTR)
			return error_set(monitor->error, -errno, "waiting for space", NULL);
		if (pollfds[0].revents)
			return error_set(monitor->error, -ECANCELED, NULL, NULL);
		if (pollfds[1].revents)
			return error_set(monitor->error, -ECONNRESET, "waiting for space", NULL);
	}
}

/*
 * A top-level entry is coming. If its name is taken, end the delivery before the data of the entry
 * has been sent.
 */
static int check_entry(struct monitor *monitor)
{
	if (monitor->options->on_conflict == QFILE_CONFLICT_FAIL &&
	    faccessat(monitor->options->incoming, monitor->reader.name, F_OK,
		      AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(monitor->error, -EEXIST, NULL, monitor->reader.name);
	return 0;
}

static int unconfined(struct monitor *monitor)
{
	const struct report *report = &monitor->reader.report;

	error_set(monitor->error, -EPERM, "confining the unpacking process",
		  qfile_layer_name(report->layers));
	if (geteuid() != 0)
		monitor->error->hint = sandbox_hint();
	return -EPERM;
}

/* The last report of the child. */
static int done(struct monitor *monitor)
{
	const struct report *report = &monitor->reader.report;
	int r = -(int)report->code;

	monitor->outcome->received = report->received;
	monitor->last = monitor->reader.name;
	error_set(monitor->error, r, NULL, monitor->last);
	if (r == -EINVAL)
		monitor->error->hint = "the stream is malformed";
	else if (r == -ETIMEDOUT)
		monitor->error->hint = "the sender fell silent";
	return r < 0 ? r : 1;
}

/* Act on a report. Returns 1 if it was the last. */
static int act_on_report(struct monitor *monitor)
{
	const struct report *report = &monitor->reader.report;
	/*
	 * The first report, and only that one, tells the layers. The child sends it before it reads
	 * the stream, so that the sender cannot influence it.
	 */
	bool begins = report->kind == REPORT_CONFINED || report->kind == REPORT_UNCONFINED;

	if (begins == monitor->confined)
		return error_set(monitor->error, -EPROTO, "listening to the unpacking process",
				 NULL);
	switch (report->kind) {
	case REPORT_CONFINED:
		monitor->confined = true;
		monitor->outcome->layers = report->layers;
		return 0;
	case REPORT_UNCONFINED:
		return unconfined(monitor);
	case REPORT_ENTRY:
		return check_entry(monitor);
	default:
		return done(monitor);
	}
}

/*
 * Milliseconds that the child still has, as a timeout for poll(2). As long as the stream is open,
 * the child itself applies the timeout to the sender.
 */
static int time_left(const struct monitor *monitor)
{
	int64_t left = monitor->deadline - clock_now();

	return !monitor->ended || monitor->options->timeout == 0 ? -1 : left > 0 ? (int)left : 0;
}

/*
 * Wait for a report. Returns 1 if there is something to read. Once the stream has ended, the child
 * soon has read all of it: one that goes on has been taken over, and must not keep the staging
 * directory for ever.
 */
static int wait_for_report(struct monitor *monitor)
{
	struct pollfd pollfds[3] = {
		{.fd = monitor->reader.fd, .events = POLLIN},
		{.fd = monitor->options->stop, .events = POLLIN},
		/* The end of a pipe is always reported, as POLLHUP. */
		{.fd = monitor->ended ? -1 : monitor->options->in, .events = POLLRDHUP},
	};
	int left = time_left(monitor);

	if (poll(pollfds, 3, left) < 0)
		return errno == EINTR ? 0
				      : error_set(monitor->error, -errno,
						  "listening to the unpacking process", NULL);
	if (pollfds[1].revents)
		return error_set(monitor->error, -ECANCELED, NULL, NULL);
	if (pollfds[2].revents) {
		monitor->ended = true;
		monitor->deadline = clock_now() + stream_timeout(monitor->options->timeout);
	}
	if (left == 0) {
		error_set(monitor->error, -ETIMEDOUT, NULL, NULL);
		monitor->error->hint = "the unpacking process does not end";
		return -ETIMEDOUT;
	}
	return pollfds[0].revents != 0;
}

/* Listen to the child until it is done, it fails, or the user wants to stop. */
static int listen_to_child(struct monitor *monitor)
{
	for (;;) {
		int r = wait_for_report(monitor);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = report_receive(&monitor->reader);
		if (r < 0)
			return error_set(monitor->error, r == -ECONNRESET ? -EIO : r,
					 "listening to the unpacking process", NULL);
		if (r > 0)
			r = act_on_report(monitor);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

static int run_child(struct monitor *monitor)
{
	struct sandbox sandbox;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(monitor->error, -errno, "making a pipe", NULL);
	pid = sandbox_fork(&sandbox);
	if (pid == 0)
		be_child(monitor->options, &sandbox, monitor->staging.tree, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		error_set(monitor->error, -EPERM, "confining the unpacking process", NULL);
		monitor->error->hint = sandbox_hint();
		return -EPERM;
	}
	monitor->reader.fd = fds[0];
	r = listen_to_child(monitor);
	/* Even a child that was taken over must not change the staging directory from now on. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(fds[0]);
	return r;
}

static int write_result(int out, const struct qfile_result *result, unsigned timeout)
{
	unsigned char bytes[QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE + QFILE_NAME_MAX];

	return stream_write_timeout(out, bytes, qfile_result_encode(result, bytes),
				    stream_timeout(timeout));
}

int qfile_refuse(int out, int code)
{
	return write_result(out, &(struct qfile_result){.code = (uint32_t)code}, 0);
}

static int send_result(struct monitor *monitor, int code)
{
	const char *name = monitor->last ? monitor->last : monitor->error->name;
	struct qfile_result result = {
		.code = (uint32_t)-code,
		.crc = monitor->outcome->received.crc,
		.namelen = strnlen(name, sizeof(result.name)),
	};

	memcpy(result.name, name, result.namelen);
	return write_result(monitor->options->out, &result, monitor->options->timeout);
}

/* Verify and commit what the child has unpacked. */
static int make_visible(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;
	struct qfile_receive_outcome *outcome = monitor->outcome;
	int r = verify(&monitor->staging, options->flags, outcome->layers,
		       outcome->received.size.entries, monitor->error);

	if (r == 0)
		r = commit(&monitor->staging, options->on_conflict, &outcome->renamed,
			   monitor->error);
	if (r < 0)
		monitor->last = NULL;
	return r;
}

/* Stage, unpack, verify, commit; then remove the staging directory, whatever has failed. */
static int deliver(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;
	int r, removed;

	commit_sweep(options->incoming);
	r = staging_create(&monitor->staging, options->incoming);
	if (r < 0)
		return error_set(monitor->error, r, "making the staging directory", NULL);
	if (options->wait_for_space)
		r = wait_for_space(monitor);
	if (r == 0)
		r = run_child(monitor);
	if (r == 0)
		r = make_visible(monitor);
	removed = staging_remove(&monitor->staging);
	/* A failure to remove is no failure of the delivery: the next receiver tries again. */
	(void)removed;
	return r;
}

int qfile_receive(const struct qfile_receive_options *given, struct qfile_receive_outcome *outcome,
		  struct qfile_error *error)
{
	struct qfile_receive_options options = QFILE_RECEIVE_OPTIONS_INIT;
	struct qfile_error own_error;
	struct monitor monitor = {
		.options = &options, .outcome = outcome, .error = error ? error : &own_error};
	int r;

	*outcome = (struct qfile_receive_outcome){.layers = 0};
	r = options_take(&options, sizeof(options), sizeof(options), given);
	if (r < 0)
		return error_set(monitor.error, r, "reading the options", NULL);
	error_set(monitor.error, 0, NULL, NULL);
	r = deliver(&monitor);
	outcome->result_sent = send_result(&monitor, r) == 0;
	return r;
}
