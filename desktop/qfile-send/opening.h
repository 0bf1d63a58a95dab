/*
 * A file that is open in another VM, with its windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_OPENING_H
#define SEND_OPENING_H
#include "model/words.h"

#include <gtk/gtk.h>

/* Open the first file of the subject, which has one; otherwise as transfer_start(). */
void opening_start(GtkApplication *app, const struct subject *subject,
		   void (*ended)(int status, gpointer data), gpointer data);

#endif
