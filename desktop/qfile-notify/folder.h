/*
 * Showing what has arrived, in the file manager.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_FOLDER_H
#define NOTIFY_FOLDER_H
#include "arrivals.h"

#include <gio/gio.h>

/*
 * Show this directory, with what has arrived selected, by the file manager that the bus knows;
 * where that fails, by the program for directories. Nothing waits for it. `token`: of the click,
 * so that the window gets the keys; may be empty. `failed` gets a sentence if neither works.
 */
void folder_show(GDBusConnection *bus, const char *directory, const struct arrivals *arrivals,
		 const char *token, void (*failed)(void *data, const char *sentence), void *data);

#endif
