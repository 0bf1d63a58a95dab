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
 * client, and returns its exit status when it has ended. *reported: whether the agent that it ran
 * has given the report.
 */
int vm_call(const struct options *options, const char *program, bool *reported);

/*
 * In the agent that the client runs: a descriptor to be told of the report, or -1. Nobody else
 * inherits it.
 */
int vm_reports_to(void);

#endif
