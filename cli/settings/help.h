/*
 * The text of --help, with the names that are set here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SETTINGS_HELP_H
#define SETTINGS_HELP_H
#include "cli/settings/settings.h"

/*
 * Show the text of --help, in which those of the settings stand in place of the usual names.
 * Returns the exit status.
 */
int settings_help(const char *help, const struct settings *settings);

#endif
