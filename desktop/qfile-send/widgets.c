/*
 * Parts of windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "widgets.h"

#include <glib/gi18n.h>

/* Characters of a line in a dialog. */
#define WIDTH 56

#define SPACE 12

GtkWidget *widgets_label(const char *text, gboolean strong)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_max_width_chars(GTK_LABEL(label), WIDTH);
	gtk_label_set_width_chars(GTK_LABEL(label), strong ? 36 : 0);
	if (strong) {
		PangoAttrList *attributes = pango_attr_list_new();

		pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
		gtk_label_set_attributes(GTK_LABEL(label), attributes);
		pango_attr_list_unref(attributes);
	}
	return label;
}

GtkWidget *widgets_line(const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
	gtk_label_set_width_chars(GTK_LABEL(label), WIDTH);
	gtk_label_set_max_width_chars(GTK_LABEL(label), WIDTH);
	return label;
}

void widgets_name(GtkWidget *widget, const char *name)
{
	atk_object_set_name(gtk_widget_get_accessible(widget), name);
}

GtkWidget *widgets_dialog(GtkApplication *app, const char *title, GtkWidget **box)
{
	GtkWidget *dialog = gtk_dialog_new();

	gtk_window_set_title(GTK_WINDOW(dialog), title);
	gtk_window_set_icon_name(GTK_WINDOW(dialog), "document-send");
	gtk_window_set_position(GTK_WINDOW(dialog), GTK_WIN_POS_CENTER);
	/* It is nobody's dialog, but a window that is found among the others. */
	gtk_window_set_type_hint(GTK_WINDOW(dialog), GDK_WINDOW_TYPE_HINT_NORMAL);
	if (app)
		gtk_window_set_application(GTK_WINDOW(dialog), app);
	gtk_container_set_border_width(GTK_CONTAINER(dialog), SPACE / 2);
	*box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE);
	gtk_container_set_border_width(GTK_CONTAINER(*box), SPACE);
	gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(dialog))), *box, TRUE,
			   TRUE, 0);
	return dialog;
}

GtkWidget *widgets_beside_icon(GtkWidget *box, const char *icon)
{
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE),
		  *image = gtk_image_new_from_icon_name(icon, GTK_ICON_SIZE_DIALOG),
		  *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE);

	gtk_widget_set_valign(image, GTK_ALIGN_START);
	/* The words say what it shows. */
	atk_object_set_role(gtk_widget_get_accessible(image), ATK_ROLE_REDUNDANT_OBJECT);
	gtk_box_pack_start(GTK_BOX(line), image, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(line), column, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), line, FALSE, FALSE, 0);
	return column;
}

GtkWidget *widgets_text(const char *text, const char *name)
{
	GtkWidget *view = gtk_text_view_new(), *scrolled = gtk_scrolled_window_new(NULL, NULL);

	gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)), text, -1);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_WORD_CHAR);
	gtk_text_view_set_left_margin(GTK_TEXT_VIEW(view), SPACE / 2);
	gtk_text_view_set_right_margin(GTK_TEXT_VIEW(view), SPACE / 2);
	widgets_name(view, name);
	gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scrolled), GTK_SHADOW_IN);
	gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scrolled), 120);
	gtk_widget_set_can_focus(scrolled, FALSE);
	gtk_container_add(GTK_CONTAINER(scrolled), view);
	return scrolled;
}

static void copy_details(GtkButton *button, gpointer data)
{
	const char *details = g_object_get_data(G_OBJECT(button), "details");

	(void)data;
	gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD), details, -1);
}

void widgets_details(GtkWidget *box, const char *details)
{
	GtkWidget *expander = gtk_expander_new_with_mnemonic(_("_Details")),
		  *inside = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6),
		  *copy = gtk_button_new_with_mnemonic(_("C_opy the details"));

	g_object_set_data_full(G_OBJECT(copy), "details", g_strdup(details), g_free);
	g_signal_connect(copy, "clicked", G_CALLBACK(copy_details), NULL);
	gtk_widget_set_halign(copy, GTK_ALIGN_END);
	gtk_box_pack_start(GTK_BOX(inside), widgets_text(details, _("Details")), TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(inside), copy, FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(expander), inside);
	gtk_expander_set_resize_toplevel(GTK_EXPANDER(expander), TRUE);
	gtk_box_pack_start(GTK_BOX(box), expander, TRUE, TRUE, 0);
}
