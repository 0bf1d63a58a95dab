/*
 * A message with at most one thing to do about it, and details for those who can use them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_MESSAGE_H
#define SEND_MESSAGE_H
#include <gtk/gtk.h>

/* Texts that are safe to show. Those that are NULL are left out. */
struct message {
	const char *title, *icon;
	const char *sentence, *advice;
	const char *details;
	const char *action; /* a button besides, with a mnemonic */
	const char *close;  /* the other button; NULL: "Close" */
};

/*
 * Show it. `answered`, which may be NULL, is called once, with whether the action was chosen, when
 * the window has gone.
 */
void message_show(GtkApplication *app, const struct message *message,
		  void (*answered)(gboolean acted, gpointer data), gpointer data);

#endif
