/*
 * A message with at most one thing to do about it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "message.h"

#include "widgets.h"

#include <glib/gi18n.h>

struct shown {
	void (*answered)(gboolean acted, gpointer data);
	gpointer data;
};

static void responds(GtkDialog *dialog, gint response, gpointer data)
{
	struct shown *shown = data;

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (shown->answered)
		shown->answered(response == GTK_RESPONSE_ACCEPT, shown->data);
	g_free(shown);
}

void message_show(GtkApplication *app, const struct message *message,
		  void (*answered)(gboolean acted, gpointer data), gpointer data)
{
	struct shown *shown = g_new(struct shown, 1);
	GtkWidget *box, *dialog = widgets_dialog(app, message->title, &box),
			*column = widgets_beside_icon(box, message->icon);

	*shown = (struct shown){.answered = answered, .data = data};
	gtk_box_pack_start(GTK_BOX(column), widgets_label(message->sentence, TRUE), FALSE, FALSE,
			   0);
	if (message->advice)
		gtk_box_pack_start(GTK_BOX(column), widgets_label(message->advice, FALSE), FALSE,
				   FALSE, 0);
	if (message->details && *message->details)
		widgets_details(box, message->details);
	gtk_dialog_add_button(GTK_DIALOG(dialog), message->close ? message->close : _("_Close"),
			      GTK_RESPONSE_CLOSE);
	if (message->action)
		gtk_dialog_add_button(GTK_DIALOG(dialog), message->action, GTK_RESPONSE_ACCEPT);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog),
					message->action ? GTK_RESPONSE_ACCEPT : GTK_RESPONSE_CLOSE);
	g_signal_connect(dialog, "response", G_CALLBACK(responds), shown);
	gtk_widget_show_all(dialog);
	gtk_widget_grab_focus(gtk_dialog_get_widget_for_response(
		GTK_DIALOG(dialog), message->action ? GTK_RESPONSE_ACCEPT : GTK_RESPONSE_CLOSE));
	gtk_window_present(GTK_WINDOW(dialog));
}
