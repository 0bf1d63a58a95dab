/*
 * The window that shows how far something is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "progress.h"

#include "widgets.h"

#include <glib/gi18n.h>

/* Milliseconds. */
#define APPEARS 500
#define PULSE   150

struct progress {
	struct subject subject; /* of the owner, whose texts live longer */
	GtkWidget *dialog, *phase, *bar, *detail, *cancel;
	struct rate rate;
	void (*stop)(gpointer data);
	gpointer data;
	guint appears, pulses;
};

static gboolean appear(gpointer data)
{
	struct progress *progress = data;

	progress->appears = 0;
	gtk_widget_show_all(progress->dialog);
	return G_SOURCE_REMOVE;
}

static gboolean pulse(gpointer data)
{
	struct progress *progress = data;

	gtk_progress_bar_pulse(GTK_PROGRESS_BAR(progress->bar));
	return G_SOURCE_CONTINUE;
}

/* How far it is is not known. */
static void pulse_on(struct progress *progress)
{
	if (!progress->pulses)
		progress->pulses = g_timeout_add(PULSE, pulse, progress);
}

static void set_fraction(struct progress *progress, guint64 done, guint64 total)
{
	g_clear_handle_id(&progress->pulses, g_source_remove);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(progress->bar),
				      done < total ? (double)done / (double)total : 1);
}

static void responds(GtkDialog *dialog, gint response, gpointer data)
{
	struct progress *progress = data;

	(void)dialog;
	(void)response;
	progress->stop(progress->data);
}

static void make(struct progress *progress, GtkApplication *app)
{
	char *doing = words_doing(&progress->subject);
	GtkWidget *box;

	progress->dialog = widgets_dialog(app, words_title(progress->subject.action), &box);
	progress->phase = widgets_line("");
	progress->bar = gtk_progress_bar_new();
	progress->detail = widgets_line("");
	widgets_name(progress->bar, _("Progress"));
	gtk_box_pack_start(GTK_BOX(box), widgets_label(doing, TRUE), FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), progress->phase, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), progress->bar, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), progress->detail, FALSE, FALSE, 0);
	progress->cancel = gtk_dialog_add_button(GTK_DIALOG(progress->dialog), _("C_ancel"),
						 GTK_RESPONSE_CANCEL);
	/* It stays until what it is about has stopped. */
	g_signal_connect(progress->dialog, "delete-event", G_CALLBACK(gtk_true), NULL);
	g_signal_connect(progress->dialog, "response", G_CALLBACK(responds), progress);
	g_free(doing);
}

struct progress *progress_new(GtkApplication *app, const struct subject *subject,
			      void (*stop)(gpointer data), gpointer data)
{
	static const struct event nothing = {.phase = PHASE_CALLING};
	struct progress *progress = g_new0(struct progress, 1);

	progress->subject = *subject;
	progress->stop = stop;
	progress->data = data;
	make(progress, app);
	progress_take(progress, &nothing);
	progress->appears = g_timeout_add(APPEARS, appear, progress);
	return progress;
}

void progress_take(struct progress *progress, const struct event *event)
{
	char *phase = words_phase(&progress->subject, event), *detail = NULL;

	gtk_label_set_text(GTK_LABEL(progress->phase), phase);
	if (event->phase == PHASE_SENDING || event->phase == PHASE_RECEIVING) {
		rate_add(&progress->rate, g_get_monotonic_time(), event->bytes);
		detail = rate_text(&progress->rate, event->bytes, event->total_bytes);
	}
	if (detail && event->total_bytes > 0)
		set_fraction(progress, event->bytes, event->total_bytes);
	else if (detail && event->total_entries > 0)
		set_fraction(progress, event->entries, event->total_entries);
	else
		pulse_on(progress);
	gtk_label_set_text(GTK_LABEL(progress->detail), detail ? detail : "");
	g_free(phase);
	g_free(detail);
}

void progress_stopping(struct progress *progress)
{
	gtk_button_set_label(GTK_BUTTON(progress->cancel), _("Stopping"));
	gtk_widget_set_sensitive(progress->cancel, FALSE);
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	g_clear_handle_id(&progress->appears, g_source_remove);
	g_clear_handle_id(&progress->pulses, g_source_remove);
	gtk_widget_destroy(progress->dialog);
	g_free(progress);
}
