/*
 * Reading the settings of this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SETTINGS_LOAD_H
#define SETTINGS_LOAD_H
#include "cli/settings/settings.h"

/*
 * The same for every program, wherever it is installed: they have to agree. No environment and no
 * option names another one, since the receiver may be started with privileges that its caller does
 * not have.
 */
#define SETTINGS_FILE "/etc/qfilecopy.conf"

#define SETTINGS_FAILURE_SIZE 320 /* bytes of a sentence, NUL counted */

/*
 * Read them. 0, also where there is no such file. A negative errno: `failure` is a sentence that
 * says what is wrong, where, and what to do, and *settings are the defaults, by which a command
 * line can still be read; nothing must be done then.
 */
int settings_load(struct settings *settings, char failure[SETTINGS_FAILURE_SIZE]);

#endif
