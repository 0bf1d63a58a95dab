/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vm.h"

#include <err.h>
#include <limits.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool find_client(char client[4096])
{
	const char *preferred = getenv("PEDOS_RPC_CLIENT");

	if (!preferred || !*preferred)
		return qfile_call_find_client(getenv("PATH"), client) == 0;
	return snprintf(client, 4096, "%s", preferred) < 4096;
}

/* The service and what the receiver is asked for, joined with '+'. */
static bool name_service(const struct options *options, char *service, size_t size)
{
	return (size_t)snprintf(service, size, "%s%s%s", options->service ? options->service : "PedOS.Filecopy",
	                        options->allow_all_names ? "+allow-all-names" : "", options->rename ? "+rename" : "") < size;
}

/* This program as the client can start it: from wherever it is, whatever the caller called it. */
static const char *find_self(const char *program, char self[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (length <= 0)
		return program;
	self[length] = '\0';
	return self;
}

int vm_call(const struct options *options, const char *program)
{
	char client[4096], self[PATH_MAX], service[256], progress[32];
	const char **call = calloc(options->count + 10, sizeof(*call));
	size_t n = 0;

	if (!call)
		err(EXIT_FAILED, NULL);
	if (!find_client(client)) {
		warnx("there is no rpc client here: install qrexec or pedos-rpc, name one in PEDOS_RPC_CLIENT, or use --via=COMMAND");
		return EXIT_FAILED;
	}
	if (!name_service(options, service, sizeof(service))) {
		warnx("the service's name is too long");
		return EXIT_USAGE;
	}
	call[n++] = client;
	call[n++] = options->vm;
	call[n++] = service;
	call[n++] = find_self(program, self);
	if (options->move)
		call[n++] = "--move";
	if (options->flags & QFILE_IGNORE_LINKS)
		call[n++] = "--ignore-symlinks";
	if (options->flags & QFILE_DEREFERENCE)
		call[n++] = "--dereference";
	if (options->progress) {
		snprintf(progress, sizeof(progress), "--progress=%s", options->progress);
		call[n++] = progress;
	}
	call[n++] = "--";
	for (size_t i = 0; i < options->count; i++)
		call[n++] = options->arguments[i];
	execvp(client, (char *const *)call);
	warn("cannot run the rpc client %s", client);
	return EXIT_FAILED;
}
