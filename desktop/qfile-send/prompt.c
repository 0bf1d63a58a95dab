/*
 * The question of a policy: may a VM do this?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "prompt.h"

#include "cli/settings/load.h"
#include "cli/usage.h"
#include "model/shown.h"
#include "model/words.h"
#include "widgets.h"

#include <err.h>
#include <glib/gi18n.h>

/* Milliseconds in which keys and clicks were meant for what was there before. */
#define DEAF 1000

struct prompt {
	GtkWidget *dialog;
	guint deaf; /* 0: it takes an answer */
};

static void set_sensitive(struct prompt *prompt, gboolean sensitive)
{
	gtk_dialog_set_response_sensitive(GTK_DIALOG(prompt->dialog), GTK_RESPONSE_NO, sensitive);
	gtk_dialog_set_response_sensitive(GTK_DIALOG(prompt->dialog), GTK_RESPONSE_YES, sensitive);
}

static gboolean listen(gpointer data)
{
	struct prompt *prompt = data;

	prompt->deaf = 0;
	set_sensitive(prompt, TRUE);
	gtk_widget_grab_focus(
		gtk_dialog_get_widget_for_response(GTK_DIALOG(prompt->dialog), GTK_RESPONSE_NO));
	return G_SOURCE_REMOVE;
}

/* It has appeared, or has got the keys that somebody was typing. */
static gboolean be_deaf(GtkWidget *dialog, GdkEvent *event, gpointer data)
{
	struct prompt *prompt = data;

	(void)dialog;
	(void)event;
	if (prompt->deaf)
		g_source_remove(prompt->deaf);
	set_sensitive(prompt, FALSE);
	/* On a busy machine, what came before its end is dealt with first. */
	prompt->deaf = g_timeout_add_full(G_PRIORITY_LOW, DEAF, listen, prompt, NULL);
	return FALSE;
}

static gboolean key(GtkWidget *dialog, GdkEventKey *event, gpointer data)
{
	struct prompt *prompt = data;

	(void)dialog;
	(void)event;
	return prompt->deaf != 0;
}

/*
 * Where the settings cannot be read, the usual names count: the window shows the service's name in
 * any case.
 */
static char *question_of(const struct options *options)
{
	char failure[SETTINGS_FAILURE_SIZE];
	struct settings settings;

	settings_load(&settings, failure);
	return words_prompt(options->source, options->target, options->service, &settings);
}

static void make(struct prompt *prompt, const struct options *options)
{
	char *question = question_of(options), *service = shown_name(options->service, 100),
	     *details = g_strdup_printf(_("What is asked for: %s"), service);
	GtkWidget *box, *column;

	prompt->dialog = widgets_dialog(NULL, words_title(ACTION_PROMPT), &box);
	column = widgets_beside_icon(box, "dialog-question");
	gtk_box_pack_start(GTK_BOX(column), widgets_label(question, TRUE), FALSE, FALSE, 0);
	widgets_details(box, details);
	gtk_dialog_add_button(GTK_DIALOG(prompt->dialog), _("_Allow"), GTK_RESPONSE_YES);
	gtk_dialog_add_button(GTK_DIALOG(prompt->dialog), _("_Deny"), GTK_RESPONSE_NO);
	gtk_dialog_set_default_response(GTK_DIALOG(prompt->dialog), GTK_RESPONSE_NO);
	gtk_window_set_keep_above(GTK_WINDOW(prompt->dialog), TRUE);
	g_signal_connect(prompt->dialog, "map-event", G_CALLBACK(be_deaf), prompt);
	g_signal_connect(prompt->dialog, "focus-in-event", G_CALLBACK(be_deaf), prompt);
	g_signal_connect(prompt->dialog, "key-press-event", G_CALLBACK(key), prompt);
	set_sensitive(prompt, FALSE);
	g_free(question);
	g_free(service);
	g_free(details);
}

int prompt_run(const struct options *options)
{
	struct prompt prompt = {.deaf = 0};
	gint response;

	if (!gtk_init_check(NULL, NULL)) {
		warnx("there is no screen to ask on, so the call is denied: set DISPLAY, or "
		      "WAYLAND_DISPLAY, for pedos-rpcd with --setenv");
		return EXIT_FAILED;
	}
	make(&prompt, options);
	gtk_widget_show_all(prompt.dialog);
	response = gtk_dialog_run(GTK_DIALOG(prompt.dialog));
	g_clear_handle_id(&prompt.deaf, g_source_remove);
	gtk_widget_destroy(prompt.dialog);
	return response == GTK_RESPONSE_YES ? 0 : EXIT_FAILED;
}
