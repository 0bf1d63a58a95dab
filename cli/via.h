/*
 * The command of --via, once there is no more to say to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLIENT_VIA_H
#define CLIENT_VIA_H
#include "cli/call.h"

/*
 * Close what is open of the pipes to it (-1: closed already) and wait for it, but not for ever.
 * Returns how it ended, as waitpid(2) has it; or -1 where it did not by itself, and was asked to.
 */
int via_end(const struct peer *peer);
/* Say how it ended. `status`: of via_end(), not -1. */
void via_explain(int status);

#endif
