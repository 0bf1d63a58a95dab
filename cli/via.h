/*
 * The command of --via or --ssh: starting it, ending it with all that it has started, and saying
 * how it ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_VIA_H
#define CLI_VIA_H
#include "cli/call.h"
#include "cli/calling.h"

/*
 * Start the command, or ssh, with a pipe each way. It keeps the caller's environment. What it says
 * on stderr is shown on the caller's, safe for a terminal.
 * From now on this process adopts what the command leaves behind. Only one command runs at a time.
 * Returns 0 or a negative errno.
 */
int via_start(const struct calling_options *options, const struct calling_peer *callee,
	      struct peer *peer);

/* How the command ended. */
struct via_end {
	bool by_itself; /* false: it was ended by a signal of ours */
	int status;     /* as of waitpid(2) */
};

/*
 * Close the pipes to the command (-1: closed already), and wait for it. If it does not end soon, or
 * `stopped` is set, end it and what it leaves behind, but not what has left our session, such as a
 * connection that ssh keeps for the next call.
 */
struct via_end via_end(const struct peer *peer, bool stopped);

/* Has it failed? */
bool via_failed(const struct via_end *end);

/*
 * Has ssh itself failed? It could not connect or log in, has lost the connection, or its command
 * was killed; of all but the last, it says why.
 */
bool via_ssh_failed(const struct calling_options *options, const struct via_end *end);

/*
 * How it ended, as the beginning of a sentence: "the command of --via ended with status 127 (it was
 * not found, ...)".
 */
void via_describe(const struct calling_options *options, const struct calling_peer *callee,
		  const struct via_end *end, char text[512]);

/*
 * Is it certain, from how it ended, that the peer's program has not even begun? Either because it
 * was not found, or because its options were wrong.
 */
bool via_never_began(const struct calling_options *options, const struct calling_peer *callee,
		     const struct via_end *end);

/*
 * Ask what the command leads to: start it, write `question` (at most a page) and nothing more, and
 * read up to `size` bytes of the answer. Returns how many came, and how the command ended in *end;
 * or a negative errno, -ECANCELED if `stop`, of stop_open(), became readable.
 */
ssize_t via_ask(const struct calling_options *options, const struct calling_peer *callee, int stop,
		const void *question, size_t length, void *answer, size_t size,
		struct via_end *end);

#endif
