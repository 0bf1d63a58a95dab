/*
 * Calls of a disposable where no hypervisor makes one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox.h"

#include "cli/call.h"
#include "cli/settings/load.h"
#include "system/spawn.h"
#include "text/vmname.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "pedos-rpc-sandbox"

static pid_t running; /* 0: none */

extern char **environ;

int disposable_serves(const char *service, struct rpc_failure *failure)
{
	const size_t length = strcspn(service, "+");
	char text[SETTINGS_FAILURE_SIZE];
	struct settings settings;
	int r = settings_load(&settings, text);

	if (r < 0)
		return rpc_fail(failure, r, "%s", text);
	return length != strlen(settings.copy_service) ||
	       strncmp(service, settings.copy_service, length) != 0;
}

bool sandbox_is_meant(const struct options *options)
{
	return options->transport == &rpc_unix_transport;
}

/* The template in the name of a target. */
static const char *template_of(const char *target)
{
	const char *colon = strchr(target, ':');

	return colon ? colon + 1 : "default";
}

/* The program beside this one. */
static int find_program(char path[PATH_MAX], struct rpc_failure *failure)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));

	while (length > 0 && path[length - 1] != '/')
		length--;
	if (length <= 0)
		return rpc_fail(failure, -ENOENT,
				"where this program is cannot be found: is /proc "
				"mounted?");
	strcpy(path + length, PROGRAM);
	return 0;
}

int sandbox_connect(struct rpc_channel *channel, const struct options *options,
		    struct rpc_failure *failure)
{
	char path[PATH_MAX], *words[2 * SERVICE_DIRS_MAX + 3] = {path}, *directories;
	int ends[2], r = find_program(path, failure);
	size_t n = 1;

	if (r < 0)
		return r;
	for (const char *const *dir = options->service_dirs; *dir; dir++) {
		if (asprintf(&directories, "--services=%s", *dir) < 0)
			return rpc_fail(failure, -ENOMEM, "%s", strerror(ENOMEM));
		words[n++] = directories;
	}
	words[n++] = (char *)template_of(options->target);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return rpc_fail(failure, -errno, "a socket: %s", strerror(errno));
	/* Apart: it cleans up when we have ended, and is not to be stopped with us. */
	r = spawn_apart(words, environ, ends[1], ends[1], -1, &running);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return rpc_fail(failure, r, "cannot run %s: %s", path, strerror(-r));
	}
	*channel = (struct rpc_channel){.transport = &rpc_unix_transport, .fd = ends[0]};
	return 0;
}

void sandbox_end(void)
{
	while (running > 0 && waitpid(running, NULL, 0) < 0 && errno == EINTR)
		;
	running = 0;
}

/* ---- Which there are ---- */

static int add(struct rpc_targets *targets, char *template)
{
	char name[RPC_NAME_SIZE];

	template[strcspn(template, "\n")] = '\0';
	if (strcmp(template, "default") == 0)
		return rpc_targets_add(targets, RPC_DISPOSABLE);
	if (snprintf(name, sizeof(name), RPC_DISPOSABLE ":%s", template) >= (int)sizeof(name) ||
	    !rpc_disposable_ok(name))
		return 0;
	return rpc_targets_add(targets, name);
}

int sandbox_targets(struct rpc_targets *targets, struct rpc_failure *failure)
{
	char path[PATH_MAX], line[512], *words[] = {path, (char *)"--list", NULL};
	int status, r = find_program(path, failure);
	struct peer peer;
	FILE *names;

	if (r < 0)
		return r;
	r = call_program(words, environ, -1, &peer);
	if (r == -ENOENT) /* it was left out when this was installed */
		return 0;
	if (r < 0)
		return rpc_fail(failure, r, "cannot run %s: %s", path, strerror(-r));
	close(peer.out);
	names = fdopen(peer.in, "r");
	while (r == 0 && names && fgets(line, sizeof(line), names))
		r = add(targets, line);
	if (names)
		fclose(names);
	if (waitpid(peer.pid, &status, 0) < 0 || status != 0 || !names || r < 0)
		return rpc_fail(failure, -EIO, "which sandboxes can be made is not known");
	return 0;
}
