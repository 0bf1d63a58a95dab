/*
 * qfile-notify's command line.
 *
 * The room desktop/qfile-notify: the program that tells a user that something has arrived, or was
 * refused. It may use GLib, GIO and gettext, the public header, the headers of cli/, system/ and
 * text/, and nothing of GTK. It reads the names of what has arrived, and changes nothing there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_OPTIONS_H
#define NOTIFY_OPTIONS_H
#include "cli/settings/settings.h"

/*
 * Parse the command line; help is given with the names of the settings. Returns -1, or the exit
 * status if there is nothing left to do.
 */
int options_parse(const struct settings *settings, int argc, char **argv);

#endif
