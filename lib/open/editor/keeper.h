/*
 * The keeper: after a session that has ended early, it waits until no application has the file any
 * more, and cleans up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef KEEPER_H
#define KEEPER_H
#include "open/editor/editing.h"

/*
 * In a process of its own: be in no session and keep no descriptor of the call, so that nobody
 * waits for it, and it ends with nothing of the call. Only `workdir` stays open.
 */
int keeper_detach(const struct workdir *workdir);
/* Wait until nobody has the file any more. It only looks. */
void keeper_wait(struct editing *editing);

#endif
