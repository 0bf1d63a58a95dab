/*
 * Whom to talk to: a command at the other end of two pipes, or an rpc client that runs us.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_CALL_H
#define CLI_CALL_H
#include <sys/types.h>

/* A command that runs at the other end. */
struct peer {
	pid_t pid; /* to be waited for */
	int in;    /* what it writes */
	int out;   /* what it reads */
};

/*
 * Start argv[0], found as execvp(3) finds it (which alone reads $PATH here), with a pipe each way;
 * it gets `environment`, and keeps the caller's stderr.
 */
int call_program(char *const argv[], char *const environment[], struct peer *peer);
/*
 * Start `sh -c command` with a pipe each way; it gets `environment`, and keeps the caller's stderr.
 */
int call_command(const char *command, char *const environment[], struct peer *peer);

/*
 * Find the rpc client: qrexec-client-vm in its usual places or in `search_path` (as in $PATH; NULL:
 * none), else pedos-rpc there. It is started as "CLIENT VM SERVICE PROGRAM ARGUMENT..." and joins
 * PROGRAM's stdin and stdout to the service's. -ENOENT: there is none.
 */
int call_find_client(const char *search_path, char path[4096]);

#endif
