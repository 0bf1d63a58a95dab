/*
 * The account that a service runs as, and what a process of its starts with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_ACCOUNT_H
#define RPCD_ACCOUNT_H
#include "options.h"

#include <sys/types.h>

struct account {
	uid_t uid;
	gid_t gid;
	char name[RPC_ACCOUNT_SIZE];
	char home[4096];
	char shell[4096];
	bool change; /* we are root, and become it */
};

/*
 * Find the account `name`; where we are not root it can only be our own, and NULL stands for that.
 * -ENOENT: there is none. -EPERM: it is another, and we are not root.
 */
int account_find(struct account *account, const char *name);
/* Become it for good, in a process of a single thread. 0 or a negative errno. */
int account_become(const struct account *account);
/*
 * Get `signal` when `parent` ends, however that comes; becoming another account forgets it. -ESRCH:
 * it has ended already.
 */
int account_end_with(pid_t parent, int signal);

struct account_process {
	pid_t pid; /* leader of a session and group of its own; killed when we are */
	int ended; /* becomes readable when it has ended (pidfd) */
};

/*
 * Run argv[0] with `fds` as its standard descriptors, nothing else inherited, and `environment`. A
 * negative errno when it cannot be run.
 */
int account_run(const struct account *account, char *const argv[], char *const environment[],
		const int fds[3], struct account_process *process);
/*
 * How it ended, as a shell has it (128 + N: signal N). It stays to be reaped, so that its group
 * keeps its number.
 */
int account_process_status(const struct account_process *process);
/* It has ended, and what it left running may go on. */
void account_process_reap(const struct account_process *process);
/* End it and its group, with SIGTERM first, and reap it. */
void account_process_end(const struct account_process *process);

#endif
