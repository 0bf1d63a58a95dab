/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/rpc.h"
#include "cli/call.h"

#include <err.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void rpc_call(const char *vm, const char *service, const char *program,
	      const char *const arguments[])
{
	char client[4096], self[PATH_MAX];
	const char **call;
	size_t count = 0;

	if (!find_client(client)) {
		warnx("there is no rpc client here: install qrexec or pedos-rpc, name one in "
		      "PEDOS_RPC_CLIENT, or use --via=COMMAND");
		return;
	}
	while (arguments[count])
		count++;
	call = calloc(4 + count + 1, sizeof(*call));
	if (!call) {
		warn(NULL);
		return;
	}
	call[0] = client;
	call[1] = vm;
	call[2] = service;
	call[3] = find_self(program, self);
	memcpy(call + 4, arguments, count * sizeof(*call));
	execvp(client, (char *const *)call);
	warn("cannot run the rpc client %s", client);
	free(call);
}
