/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/rpc.h"
#include "cli/call.h"
#include "cli/stop.h"
#include "system/spawn.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool find_client(char client[4096])
{
	const char *preferred = getenv("PEDOS_RPC_CLIENT");

	if (!preferred || !*preferred)
		return call_find_client(getenv("PATH"), client) == 0;
	return snprintf(client, 4096, "%s", preferred) < 4096;
}

/* The path of this program, by which the client can start it whatever argv[0] is. */
static const char *find_self(const char *program, char self[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (length <= 0)
		return program;
	self[length] = '\0';
	return self;
}

/* The words of the client's command line, or NULL after a message. They are never freed. */
static char *const *words_of_call(const char *vm, const char *service, const char *program,
				  const char *const arguments[])
{
	static char client[4096], self[PATH_MAX];
	const char **call;
	size_t count = 0;

	if (!find_client(client)) {
		warnx("there is no rpc client in PATH: install qrexec or pedos-rpc, name one in "
		      "PEDOS_RPC_CLIENT, or use --ssh=HOST or --via=COMMAND");
		return NULL;
	}
	while (arguments[count])
		count++;
	call = calloc(4 + count + 1, sizeof(*call));
	if (!call) {
		warn(NULL);
		return NULL;
	}
	call[0] = client;
	call[1] = vm;
	call[2] = service;
	call[3] = find_self(program, self);
	memcpy(call + 4, arguments, count * sizeof(*call));
	return (char *const *)call;
}

void rpc_call(const char *vm, const char *service, const char *program,
	      const char *const arguments[])
{
	char *const *call = words_of_call(vm, service, program, arguments);

	if (!call)
		return;
	execvp(call[0], call);
	warn("cannot run the rpc client %s", call[0]);
}

/* Wait until the process ends, and pass on the signals that `stop` reads. */
static int wait_for(pid_t pid, int stop)
{
	struct pollfd pollfds[] = {{.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN},
				   {.fd = stop, .events = POLLIN}};
	struct signalfd_siginfo info;
	int status;

	while (pollfds[0].fd >= 0 && !pollfds[0].revents) {
		if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
			break;
		if (read(stop, &info, sizeof(info)) == sizeof(info))
			kill(pid, (int)info.ssi_signo);
	}
	if (pollfds[0].fd >= 0)
		close(pollfds[0].fd);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int rpc_run(const char *vm, const char *service, const char *program, const char *const arguments[])
{
	char *const *call = words_of_call(vm, service, program, arguments);
	int stop, r;
	pid_t pid;

	if (!call)
		return -1;
	stop = stop_open();
	r = stop < 0 ? stop : spawn(call, environ, STDIN_FILENO, STDOUT_FILENO, -1, &pid);
	if (r < 0) {
		warnx("cannot run the rpc client %s: %s", call[0], strerror(-r));
		return -1;
	}
	return wait_for(pid, stop);
}
