/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef VM_H
#define VM_H
#include "options.h"

/*
 * Become the rpc client, which runs this program again, without --vm, and connects it with the
 * service. Returns the exit status after a failure, and after a message about it.
 *
 * `reported`: not NULL where programs wait for the report. Then this process stays, starts the
 * client, and returns its exit status when it has ended; or -1 after a message: it did not start.
 */
enum vm_report {
	VM_UNHEARD,  /* nothing was heard of the agent that it runs: it may not know where to say so
		      */
	VM_BEGUN,    /* that agent has begun, and has not reported */
	VM_REPORTED, /* it has */
};
int vm_call(const struct options *options, const char *program, enum vm_report *reported);

/*
 * In the agent that the client runs: say that it has begun. Returns a descriptor to be told of the
 * report, or -1. Nobody else inherits it.
 */
int vm_reports_to(void);

#endif
