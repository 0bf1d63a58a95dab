/*
 * A transfer of files, from its beginning to its end, with its windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_TRANSFER_H
#define SEND_TRANSFER_H
#include "model/words.h"

#include <gtk/gtk.h>

/*
 * Send the files, NULL-terminated, to the VM of the subject. All of it is copied. `ended` is called
 * once, with the exit status of qfile-send, when nothing of it is to be done or shown any more.
 */
void transfer_start(GtkApplication *app, const struct subject *subject, char *const files[],
		    void (*ended)(int status, gpointer data), gpointer data);

#endif
