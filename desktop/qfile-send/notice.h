/*
 * Notices of the desktop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_NOTICE_H
#define SEND_NOTICE_H
#include <gtk/gtk.h>

/*
 * Show a notice for a while. Where the desktop shows none, a window says it. The application goes
 * on until it was taken.
 */
void notice_show(GtkApplication *app, const char *title, const char *sentence);

#endif
