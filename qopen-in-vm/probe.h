/*
 * Finding out whether a command leads to an editor, before anything is sent to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PROBE_H
#define PROBE_H
#include "cli/calling.h"

/*
 * Call the command of --via with a request that every editor of version 2 refuses, with a record
 * that no shell could write, and that opens nothing. Returns 0 if that has come. Otherwise a
 * negative errno after a message about it; -ECANCELED: `stop`, of stop_open(), became readable.
 */
int probe_editor(const struct calling_options *calling, int stop);

#endif
