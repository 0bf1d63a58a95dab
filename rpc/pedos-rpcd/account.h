/*
 * The account that a service runs as, and starting its processes.
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
	bool change; /* we are root, and must become it */
};

/*
 * Find the account `name`; NULL means our own.
 * -ENOENT: there is no such account.
 * -EPERM: it is not our own, and we are not root.
 */
int account_find(struct account *account, const char *name);
/* Who runs the services of `domain` where the policy names nobody; NULL: our own account. */
const char *account_default(const struct options *options, const char *domain);
/* Become it for good, in a process with one thread. 0 or a negative errno. */
int account_become(const struct account *account);
/*
 * Have the kernel send us `signal` when `parent` ends in any way. Call this after becoming another
 * account, which cancels it.
 * -ESRCH: the parent has ended already.
 */
int account_end_with(pid_t parent, int signal);

struct account_process {
	pid_t pid; /* it leads a session and process group of its own, and is killed when we end */
	int ended; /* a descriptor that becomes readable when it has ended */
};

/*
 * Start argv[0] as the account, with `environment`, and with `fds` as stdin, stdout and stderr. It
 * inherits no other descriptors. 0; a negative errno if it cannot be run.
 */
int account_run(const struct account *account, char *const argv[], char *const environment[],
		const int fds[3], struct account_process *process);
/*
 * The status of a process that has ended, as in a shell (128 + N: signal N). The process is not
 * reaped, so that the number of its group is not used again.
 */
int account_process_status(const struct account_process *process);
/* Reap a process that has ended. Other processes of its group continue. */
void account_process_reap(const struct account_process *process);
/* End it and its group, first with SIGTERM, then with SIGKILL, and reap it. */
void account_process_end(const struct account_process *process);

#endif
