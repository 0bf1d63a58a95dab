/*
 * One call, served in a sandbox.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SERVE_H
#define SERVE_H
#include "options.h"

/*
 * Serve the call of whoever is at the other end of the socket `fd`, until it has ended, they have
 * gone, or a signal asks us to stop. Then nothing of the sandbox is left. Returns the status to
 * exit with.
 */
int serve(const struct options *options, int fd);

#endif
