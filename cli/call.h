/*
 * The other end: a command that is joined by two pipes, or the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H
#include <stdbool.h>
#include <sys/types.h>

/* A command that was started. */
struct peer {
	pid_t pid; /* the caller must wait for it */
	int in;    /* the command's stdout, to read from */
	int out;   /* the command's stdin, to write to */
};

/*
 * Start argv[0], which is looked up as by execvp(3), with a pipe each way. It gets `environment`,
 * and `err` as its stderr (-1: it keeps the caller's). Returns 0 or a negative errno.
 */
int call_program(char *const argv[], char *const environment[], int err, struct peer *peer);

/*
 * Find the rpc client: qrexec-client-vm in its usual places or in `search_path` (as $PATH; NULL:
 * none), otherwise pedos-rpc in `search_path`. The client is to be started as "CLIENT VM SERVICE
 * PROGRAM ARGUMENT...", and connects PROGRAM with the service. -ENOENT: there is no client.
 */
int call_find_client(const char *search_path, char path[4096]);

/*
 * Is this what no other end can be at: a terminal, /dev/null, or a file without anything to read?
 * An rpc client has a connection to give, or has lost it.
 */
bool call_leads_nowhere(int fd);

#endif
