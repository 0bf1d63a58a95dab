/*
 * The monitor: receives one delivery through a confined child, commits it, and sends the result.
 *
 * The monitor reads nothing of the stream. The child reads nothing else, and can only fill the
 * staging directory.
 *
 * The room lib/receive: a receiver, from the account to the result. It has no header of its own:
 * what it offers is in the public one. It may use its child and its commit, lib/sandbox, lib/io,
 * lib/format and text/. It decides in which order things are done, and what the sender is told. It
 * may not read the stream, which only the child does, and leaves what is in the staging directory
 * to its commit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "format/options.h"
#include "format/remarks.h"
#include "format/renames.h"
#include "io/space.h"
#include "io/stream.h"
#include "receive/child/child.h"
#include "receive/child/unpack.h"
#include "receive/commit/commit.h"
#include "receive/commit/sweep.h"
#include "receive/commit/sync.h"
#include "receive/commit/verify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct monitor {
	const struct qfile_receive_options *options;
	struct qfile_receive_outcome *outcome;
	struct staging staging;
	struct child child;
	struct sync_early early;
	const char *last; /* the whole name of the child's last entry; NULL: use error->name */
	struct renames *renames; /* NULL: there is no memory for them */
	struct qfile_error *error;
};

/*
 * Wait until there is enough space, the user wants to stop, or nobody waits for the result any
 * more.
 */
static int wait_for_space(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;
	bool swept = false;

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
		/* What others have left may be what is in the way. */
		if (!swept)
			sweep(options->incoming, options->stop);
		swept = true;
		if (poll(pollfds, 2, 1000) < 0 && errno != EINTR)
			return error_set(monitor->error, -errno, "waiting for space", NULL);
		if (pollfds[0].revents)
			return error_set(monitor->error, -ECANCELED, NULL, NULL);
		if (pollfds[1].revents)
			return error_set(monitor->error, -ECONNRESET, "waiting for space", NULL);
	}
}

/* Many entries take the disk its time: it begins while more of them come. */
static void begin_writing(void *argument)
{
	struct monitor *monitor = argument;

	if (!monitor->staging.sync_each)
		sync_early(&monitor->early, monitor->staging.tree);
}

static int run_child(struct monitor *monitor)
{
	struct child *child = &monitor->child;
	int r;

	*child = (struct child){
		.options = monitor->options,
		.outcome = monitor->outcome,
		.tree = monitor->staging.tree,
		.folds = monitor->staging.folds,
		.sync_each = monitor->staging.sync_each,
		.grown = begin_writing,
		.observer = monitor,
		.error = monitor->error,
	};
	r = child_run(child);
	sync_early_end(&monitor->early);
	monitor->last = child->last;
	return r;
}

static int write_result(int out, const struct qfile_result *result, unsigned timeout)
{
	/* Not on the stack: a starter may have limited that to little more. */
	unsigned char *bytes =
		malloc(QFILE_RESULT_SIZE + QFILE_RESULT_NAMELEN_SIZE + result->namelen);
	int r = bytes ? stream_write_timeout(out, bytes, qfile_result_encode(result, bytes),
					     stream_timeout(timeout))
		      : -ENOMEM;

	free(bytes);
	return r;
}

int qfile_refuse(int out, int code)
{
	return write_result(out, &(struct qfile_result){.code = (uint32_t)code}, 0);
}

/*
 * May the sender know why it failed? Failures of the monitor's own work concern only this side,
 * except those that a sender can do something about: a parser that was taken over must not learn
 * what the monitor saw.
 */
static bool may_know(const struct qfile_error *error)
{
	static const int known[] = {EEXIST, ENOSPC, EDQUOT, EROFS, EACCES, EOPNOTSUPP};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (error->code == known[i])
			return true;
	}
	return error->doing == NULL;
}

/* Names of entries that arrived under others stay in the result; that of the last one does not. */
static void put_remarks(const struct monitor *monitor, struct qfile_result *result)
{
	static const char *const lost[] = {NULL, "modes", "times", "modes,times"};
	const char *place = monitor->options->place;

	if (!place && monitor->outcome->lost == 0)
		return;
	if (!monitor->renames || monitor->renames->used == 0)
		result->namelen = 0;
	if (place)
		remark_put(result, QFILE_REMARK_PLACE, place);
	if (monitor->outcome->lost != 0)
		remark_put(result, QFILE_REMARK_LOST, lost[monitor->outcome->lost]);
}

static int send_result(struct monitor *monitor, int code)
{
	const char *name = monitor->last ? monitor->last : monitor->error->name;
	struct qfile_result *result = calloc(1, sizeof(*result));
	int r;

	if (!result)
		return -ENOMEM;
	if (!may_know(monitor->error)) {
		name = "";
		code = -EPERM;
	}
	monitor->outcome->result_code = (unsigned)-code;
	result->code = (uint32_t)-code;
	result->crc = monitor->outcome->received.crc;
	result->namelen = strnlen(name, sizeof(result->name));
	/* Under which names it has arrived says more than which entry was the last. */
	if (code == 0 && monitor->renames && monitor->renames->used > 0) {
		name = monitor->renames->pairs;
		result->namelen = monitor->renames->used;
	}
	memcpy(result->name, name, result->namelen);
	if (code == 0)
		put_remarks(monitor, result);
	r = write_result(monitor->options->out, result, monitor->options->timeout);
	free(result);
	return r;
}

/*
 * What the limit leaves for what is written beside the content. A delivery of just as many bytes as
 * are allowed may still consist of ten thousand entries.
 */
static uint64_t spare_bytes(const struct monitor *monitor)
{
	const uint64_t least = (uint64_t)1 << 20;
	uint64_t limit = monitor->options->limits.bytes,
		 bytes = monitor->outcome->received.size.bytes;

	return limit > bytes && limit - bytes > least ? limit - bytes : least;
}

/*
 * Shared memory, because a commit may be another process's work. Without it the sender hears less,
 * and the delivery is as good.
 */
static void open_renames(struct monitor *monitor)
{
	void *memory = mmap(NULL, sizeof(*monitor->renames), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	monitor->renames = memory == MAP_FAILED ? NULL : memory;
}

static void close_renames(struct monitor *monitor)
{
	if (monitor->renames)
		munmap(monitor->renames, sizeof(*monitor->renames));
}

/* Verify and commit what the child has unpacked. */
static int make_visible(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;
	struct qfile_receive_outcome *outcome = monitor->outcome;
	struct commit_options commit_options = {.on_conflict = options->on_conflict,
						.renames = monitor->renames,
						.synced = unpack_synced(&outcome->received.size) &&
							  !monitor->child.unsynced,
						.spare = spare_bytes(monitor)};
	struct cancel cancel;
	int r;

	cancel_begin(&cancel, options->stop, options->timeout);
	r = verify(&monitor->staging, options->flags, outcome->layers,
		   outcome->received.size.entries, &cancel, monitor->error);
	if (r == 0)
		r = commit(&monitor->staging, &commit_options, &cancel, &outcome->renamed,
			   monitor->error);
	if (r < 0)
		monitor->last = NULL;
	/* The sender may know that it was stopped, whatever was being done. */
	return r == -ECANCELED ? error_set(monitor->error, r, NULL, NULL) : r;
}

/* Stage, unpack, verify, commit. After a failure, the staging directory is left to be swept. */
static int deliver(struct monitor *monitor)
{
	const struct qfile_receive_options *options = monitor->options;
	int r = staging_create(&monitor->staging, options->incoming);

	if (r < 0) {
		error_set(monitor->error, r,
			  monitor->staging.lacks ? "delivering to this file system"
						 : "making the staging directory",
			  NULL);
		monitor->error->hint = monitor->staging.lacks;
		return r;
	}
	monitor->outcome->lost = monitor->staging.lost;
	if (options->wait_for_space)
		r = wait_for_space(monitor);
	if (r == 0)
		r = run_child(monitor);
	open_renames(monitor);
	if (r == 0)
		r = make_visible(monitor);
	if (r < 0 || staging_remove_empty(&monitor->staging) < 0)
		staging_abandon(&monitor->staging);
	return r;
}

int qfile_receive(const struct qfile_receive_options *given, struct qfile_receive_outcome *outcome,
		  struct qfile_error *error)
{
	struct qfile_receive_options options = QFILE_RECEIVE_OPTIONS_INIT;
	struct qfile_error own_error;
	struct monitor monitor = {.options = &options,
				  .outcome = outcome,
				  .early = {.running = -1},
				  .error = error ? error : &own_error};
	int r;

	*outcome = (struct qfile_receive_outcome){.layers = 0};
	r = options_take(&options, sizeof(options), sizeof(options), given);
	if (r < 0)
		return error_set(monitor.error, r, "reading the options", NULL);
	error_set(monitor.error, 0, NULL, NULL);
	r = deliver(&monitor);
	outcome->result_sent = send_result(&monitor, r) == 0;
	close_renames(&monitor);
	/* Not before: whoever waits for the result need not wait for what others have left. */
	outcome->left = !sweep(options.incoming, options.stop);
	return r;
}
