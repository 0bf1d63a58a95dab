/*
 * Being the user's default application for some types of files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_DEFAULTS_H
#define SEND_DEFAULTS_H
#include "model/options.h"

/*
 * Do what --set-default or --unset-default asks for: for all types, or for none. Needs no screen.
 * Says what is wrong. Returns the exit status.
 */
int defaults_change(const struct options *options);

#endif
