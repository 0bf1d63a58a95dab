/*
 * What it means when the handler fails.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_HANDLER_H
#define EXPLAIN_HANDLER_H
#include "explain.h"

/*
 * The handler, a shell command, has ended with this status, as waitpid(2) returns it. The file is
 * at `path`. Looks for the command in the PATH, and for the screen in the environment.
 */
void explain_handler(struct ending *ending, const char *handler, const char *path, int status);

#endif
