/*
 * What stays in the private directory when the session has ended early: a file that an application
 * goes on with, or a content that did not arrive.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LEFTOVER_H
#define LEFTOVER_H
#include "open/editor/reply.h"
#include "open/editor/workdir.h"

/* What the name of the notice begins with; then come the file's name and ".txt". */
#define LEFTOVER_NOTICE "NOT SENT BACK - "

/*
 * Is there anything that the opener may not have: a content of the file, which `reply` has not sent
 * or which cannot be read, or another file, which is no notice, lock, swap or backup file? `taken`:
 * what was sent has arrived.
 */
bool leftover_unsent(const struct workdir *workdir, const struct reply *reply, bool taken);

/*
 * Write the notice, a text for whoever goes on with the file. `from`: the VM, or NULL. `used`: an
 * application may still have it; else all have closed it. Returns 0 or a negative errno.
 */
int leftover_tell(const struct workdir *workdir, const char *from, bool used);

#endif
