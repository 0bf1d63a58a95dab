/*
 * The command of --via or --ssh: starting it, ending it with all that it has started, and saying
 * how it ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/via.h"
#include "cli/descendants.h"
#include "cli/screened.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds, for a command that has nothing more to do. */
#define TIMEOUT 2000
/* What is told to end: an editor leaves a notice first, on a machine that may be busy. */
#define TIMEOUT_OF_END 10000

/* Bytes of an answer that are read and dropped, so that who says more does not fail of it. */
#define DRAINED_MAX 65536

extern char **environ;

/* Of what ssh, and through it the other machine, says. */
static struct screened screen = {.pid = -1, .said = -1};

static void end_screen(void)
{
	if (screen.pid > 0)
		screened_end(&screen);
	screen.pid = -1;
}

int via_start(const struct calling_options *options, const struct calling_peer *callee,
	      struct peer *peer)
{
	char **words = calling_words(options, callee);
	int r;

	if (!words)
		return -ENOMEM;
	screen = (struct screened){.pid = -1, .said = -1};
	/* What a command says, its own user has asked for: it stays as it is, but for controls. */
	r = screened_start(&screen, options->ssh ? "ssh: " : "");
	if (r < 0)
		return r;
	descendants_adopt();
	r = call_program(words, environ, screen.said, peer);
	close(screen.said);
	if (r < 0)
		end_screen();
	return r;
}

/* Does the command end within the timeout? */
static bool ends_by_itself(pid_t pid)
{
	struct pollfd pollfd = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool ended = pollfd.fd < 0 || poll(&pollfd, 1, TIMEOUT) != 0;

	if (pollfd.fd >= 0)
		close(pollfd.fd);
	return ended;
}

struct via_end via_end(const struct peer *peer, bool stopped)
{
	struct via_end end;

	if (peer->out >= 0)
		close(peer->out);
	if (peer->in >= 0)
		close(peer->in);
	end.by_itself = ends_by_itself(peer->pid);
	if (!end.by_itself || stopped)
		descendants_end(peer->pid, TIMEOUT_OF_END);
	while (waitpid(peer->pid, &end.status, 0) < 0 && errno == EINTR)
		;
	end_screen();
	return end;
}

bool via_failed(const struct via_end *end)
{
	return end->by_itself && end->status != 0;
}

/* Did it end with this status, by itself? */
static bool ended_with(const struct via_end *end, int status)
{
	return end->by_itself && WIFEXITED(end->status) && WEXITSTATUS(end->status) == status;
}

bool via_ssh_failed(const struct calling_options *options, const struct via_end *end)
{
	return ended_with(end, 255) && (options->ssh || strncmp(options->via, "ssh ", 4) == 0);
}

/* What a status means, where that is known; or an empty text. */
static void explain_status(const struct calling_options *options, const struct calling_peer *callee,
			   const struct via_end *end, char *text, size_t size)
{
	if (via_ssh_failed(options, end))
		snprintf(text, size, " (for the reason that it has given, if any)");
	else if (ended_with(end, 127) && options->ssh)
		snprintf(text, size, " (%s was not found there: install qfilecopy on that machine)",
			 callee->program);
	else if (ended_with(end, 127))
		snprintf(text, size, " (it, or a program that it names, was not found)");
	else if (ended_with(end, 126))
		snprintf(text, size, " (it, or a program that it names, could not be run)");
	else if (ended_with(end, 2) && (options->ssh || calling_is_named(options, callee)))
		snprintf(text, size, " (%s did not understand its options)", callee->program);
	else
		*text = '\0';
}

void via_describe(const struct calling_options *options, const struct calling_peer *callee,
		  const struct via_end *end, char text[512])
{
	const char *what = options->ssh ? "ssh" : "the command of --via";
	char meaning[160];

	explain_status(options, callee, end, meaning, sizeof(meaning));
	if (!end->by_itself)
		snprintf(text, 512, "%s closed the connection", what);
	else if (WIFEXITED(end->status))
		snprintf(text, 512, "%s ended with status %d%s", what, WEXITSTATUS(end->status),
			 meaning);
	else
		snprintf(text, 512, "%s was killed by signal %d (%s)", what, WTERMSIG(end->status),
			 strsignal(WTERMSIG(end->status)));
}

bool via_never_began(const struct calling_options *options, const struct calling_peer *callee,
		     const struct via_end *end)
{
	return ended_with(end, 126) || ended_with(end, 127) ||
	       (ended_with(end, 2) && (options->ssh || calling_is_named(options, callee)));
}

/*
 * Read up to `size` bytes, until the end, or until nothing follows them for a while: a command may
 * have more to do when what it runs has answered. Returns how many, or -ECANCELED or another errno.
 */
static ssize_t read_answer(int in, int stop, void *answer, size_t size)
{
	struct pollfd pollfds[] = {{.fd = in, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
	char dropped[4096];
	size_t length = 0, drained = 0;

	while (drained < DRAINED_MAX) {
		const bool full = length == size;
		ssize_t n = poll(pollfds, 2, full ? TIMEOUT : -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if (pollfds[1].revents)
			return -ECANCELED;
		n = read(in, full ? dropped : (char *)answer + length,
			 full ? sizeof(dropped) : size - length);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			*(full ? &drained : &length) += (size_t)n;
	}
	return (ssize_t)length;
}

ssize_t via_ask(const struct calling_options *options, const struct calling_peer *callee, int stop,
		const void *question, size_t length, void *answer, size_t size, struct via_end *end)
{
	struct peer peer;
	ssize_t n = via_start(options, callee, &peer);

	if (n < 0)
		return n;
	/* An empty pipe has room for it. Who does not read it shows that by its answer. */
	(void)!write(peer.out, question, length);
	close(peer.out);
	peer.out = -1;
	n = read_answer(peer.in, stop, answer, size);
	*end = via_end(&peer, n == -ECANCELED);
	return n;
}
