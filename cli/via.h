/*
 * Ending the command of --via.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_VIA_H
#define CLI_VIA_H
#include "cli/call.h"

/*
 * Close the pipes to the command (-1: closed already), and wait for it. If it does not end soon,
 * send it SIGTERM. Returns its status, as waitpid(2) does, or -1 if it did not end by itself.
 */
int via_end(const struct peer *peer);
/* Say how it ended. `status` is from via_end(), and not -1. */
void via_explain(int status);

#endif
