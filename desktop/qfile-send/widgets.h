/*
 * Parts of windows. Each text is set as text, never as markup, and each widget has a name for those
 * who hear windows.
 *
 * The room desktop/qfile-send: windows, and the programs behind them. What is decided and said is
 * in its room model.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_WIDGETS_H
#define SEND_WIDGETS_H
#include <gtk/gtk.h>

/* A text that wraps. `strong`: in bold letters. */
GtkWidget *widgets_label(const char *text, gboolean strong);
/* The same in one line, of which the middle is left out where it is too long. */
GtkWidget *widgets_line(const char *text);
/* The name by which a screen reader calls a widget without a text of its own. */
void widgets_name(GtkWidget *widget, const char *name);
/* A dialog of the application, with a box for its content. Nothing of it is shown yet. */
GtkWidget *widgets_dialog(GtkApplication *app, const char *title, GtkWidget **box);
/* An icon beside the head of a dialog. Returns the box for what is beside it. */
GtkWidget *widgets_beside_icon(GtkWidget *box, const char *icon);
/* Text to read and copy, that scrolls. */
GtkWidget *widgets_text(const char *text, const char *name);
/* What is behind "Details", with a button that copies it. */
void widgets_details(GtkWidget *box, const char *details);

#endif
