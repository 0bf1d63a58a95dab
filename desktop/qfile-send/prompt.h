/*
 * The question of a policy: may a VM do this?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_PROMPT_H
#define SEND_PROMPT_H
#include "model/options.h"

/* Ask. Returns the exit status: 0 if it is allowed, and otherwise 1. */
int prompt_run(const struct options *options);

#endif
