/*
 * The question which VM is meant.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "chooser.h"

#include "kind.h"
#include "message.h"
#include "model/recent.h"
#include "model/shown.h"
#include "model/vms.h"
#include "widgets.h"

#include <glib/gi18n.h>
#include <string.h>

/* Pixels of the list: its least width, its height at most and at least; of what is around it. */
#define LIST_WIDTH  340
#define LIST_HEIGHT 220
#define LIST_LEAST  66
#define OTHERS      240

/* Columns of the list. */
enum {
	NAME,
	LABEL,
	COLUMNS
};

struct chooser {
	GtkApplication *app;
	GtkWidget *dialog, *question, *search, *list, *status, *spinner;
	GtkListStore *store;
	GPtrArray *names; /* NULL: they are not known yet */
	GCancellable *cancel;
	char *client;
	char *state, *said; /* where the last one is; what the client has said */
	enum action action;
	gboolean sandbox; /* as in struct subject */
	void (*chosen)(const char *vm, gboolean sandbox, gpointer data);
	gpointer data;
};

static GtkTreeSelection *selection_of(const struct chooser *chooser)
{
	return gtk_tree_view_get_selection(GTK_TREE_VIEW(chooser->list));
}

/* The name that is selected, to be freed by the caller, or NULL. */
static char *selected(const struct chooser *chooser)
{
	GtkTreeModel *model;
	GtkTreeIter at;
	char *name = NULL;

	if (gtk_tree_selection_get_selected(selection_of(chooser), &model, &at))
		gtk_tree_model_get(model, &at, NAME, &name, -1);
	return name;
}

static void select_changed(GtkTreeSelection *selection, gpointer data)
{
	struct chooser *chooser = data;

	gtk_dialog_set_response_sensitive(GTK_DIALOG(chooser->dialog), GTK_RESPONSE_OK,
					  gtk_tree_selection_get_selected(selection, NULL, NULL));
}

static void select_row(const struct chooser *chooser, int row)
{
	GtkTreePath *path = gtk_tree_path_new_from_indices(row, -1);

	gtk_tree_view_set_cursor(GTK_TREE_VIEW(chooser->list), path, NULL, FALSE);
	gtk_tree_path_free(path);
}

/* What the list has, or why it has nothing. */
static void say_status(const struct chooser *chooser, int rows)
{
	const char *text = "";

	if (!chooser->names)
		text = _("Looking for VMs");
	else if (chooser->names->len == 0 && chooser->said)
		text = _("Which VMs there are could not be found out.");
	else if (chooser->names->len == 0)
		text = _("There is no VM to which this is allowed. Whoever manages the VMs can "
			 "allow it.");
	else if (rows == 0)
		text = _("No VM has that in its name.");
	gtk_label_set_text(GTK_LABEL(chooser->status), text);
	gtk_widget_set_visible(chooser->status, *text != '\0');
}

/* Fill the list with the names that have what was typed in them. */
static void fill(struct chooser *chooser)
{
	const char *typed = gtk_entry_get_text(GTK_ENTRY(chooser->search));
	int rows = 0;

	gtk_list_store_clear(chooser->store);
	for (guint i = 0; chooser->names && i < chooser->names->len; i++) {
		const char *name = g_ptr_array_index(chooser->names, i);
		char *label = vms_label(name, chooser->sandbox);

		if (vms_matches(label, typed))
			gtk_list_store_insert_with_values(chooser->store, NULL, rows++, NAME, name,
							  LABEL, label, -1);
		g_free(label);
	}
	if (rows > 0)
		select_row(chooser, 0);
	select_changed(selection_of(chooser), chooser);
	say_status(chooser, rows);
}

static void typed(GtkSearchEntry *entry, gpointer data)
{
	(void)entry;
	fill(data);
}

/* Escape: first out of the search. */
static void search_stopped(GtkSearchEntry *entry, gpointer data)
{
	struct chooser *chooser = data;

	if (*gtk_entry_get_text(GTK_ENTRY(entry)))
		gtk_entry_set_text(GTK_ENTRY(entry), "");
	else
		gtk_dialog_response(GTK_DIALOG(chooser->dialog), GTK_RESPONSE_CANCEL);
}

static void show_failure(struct chooser *chooser)
{
	const struct message message = {
		.title = words_title(chooser->action),
		.icon = "dialog-error",
		.sentence = _("Which VMs there are could not be found out."),
		.advice = _("Try again. The details may say more."),
		.details = chooser->said,
	};

	message_show(chooser->app, &message, NULL, NULL);
}

/* To look at a file, a new VM is best. Otherwise it is the one of the last time. */
static char *first_choice(const struct chooser *chooser)
{
	return chooser->action == ACTION_VIEW ? g_strdup("@dispvm") : recent_load(chooser->state);
}

static gboolean has_disposable(const struct chooser *chooser)
{
	for (guint i = 0; i < chooser->names->len; i++) {
		if (vms_is_disposable(g_ptr_array_index(chooser->names, i)))
			return TRUE;
	}
	return FALSE;
}

/* All is known that the list shows. */
static void have_kind(gboolean sandbox, gpointer data)
{
	struct chooser *chooser = data;

	chooser->sandbox = sandbox;
	gtk_spinner_stop(GTK_SPINNER(chooser->spinner));
	gtk_widget_hide(chooser->spinner);
	fill(chooser);
	if (chooser->said && chooser->names->len == 0)
		show_failure(chooser);
}

/* Nothing is known of any VM. `why`: for people who look at the details. */
static void has_failed(struct chooser *chooser, const char *why)
{
	chooser->names = g_ptr_array_new_with_free_func(g_free);
	chooser->said = shown_lines(why, strlen(why));
	have_kind(FALSE, chooser);
}

static void take_names(struct chooser *chooser, GSubprocess *process, GBytes *out, GBytes *err)
{
	char *last = first_choice(chooser);

	chooser->names = vms_parse(g_bytes_get_data(out, NULL), g_bytes_get_size(out), last);
	if (!g_subprocess_get_successful(process))
		chooser->said = shown_lines(g_bytes_get_data(err, NULL), g_bytes_get_size(err));
	g_free(last);
}

static void have_listed(GObject *source, GAsyncResult *result, gpointer data)
{
	GBytes *out = NULL, *err = NULL;
	GError *error = NULL;
	struct chooser *chooser = data;

	if (g_subprocess_communicate_finish(G_SUBPROCESS(source), result, &out, &err, &error)) {
		take_names(chooser, G_SUBPROCESS(source), out, err);
		if (has_disposable(chooser))
			kind_ask(chooser->client, chooser->cancel, have_kind, chooser);
		else
			have_kind(FALSE, chooser);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		has_failed(chooser, error->message);
	}
	g_clear_error(&error);
	g_clear_pointer(&out, g_bytes_unref);
	g_clear_pointer(&err, g_bytes_unref);
}

static void list(struct chooser *chooser, const char *service)
{
	GError *error = NULL;
	GSubprocess *process =
		g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
				 &error, chooser->client, "--list", service, NULL);

	if (!process) {
		has_failed(chooser, error->message);
		g_error_free(error);
		return;
	}
	g_subprocess_communicate_async(process, NULL, chooser->cancel, have_listed, chooser);
	g_object_unref(process);
}

static void answer(struct chooser *chooser, const char *vm)
{
	if (vm && chooser->action != ACTION_VIEW)
		recent_save(chooser->state, vm);
	gtk_widget_destroy(chooser->dialog);
	g_cancellable_cancel(chooser->cancel);
	chooser->chosen(vm, chooser->sandbox, chooser->data);
}

static void responds(GtkDialog *dialog, gint response, gpointer data)
{
	struct chooser *chooser = data;
	char *vm = response == GTK_RESPONSE_OK ? selected(chooser) : NULL;

	(void)dialog;
	if (response != GTK_RESPONSE_OK || vm)
		answer(chooser, vm);
	g_free(vm);
}

static void free_chooser(gpointer data, GClosure *closure)
{
	struct chooser *chooser = data;

	(void)closure;
	g_object_unref(chooser->store);
	g_object_unref(chooser->cancel);
	if (chooser->names)
		g_ptr_array_free(chooser->names, TRUE);
	g_free(chooser->client);
	g_free(chooser->state);
	g_free(chooser->said);
	g_free(chooser);
}

static void row_activated(GtkTreeView *view, GtkTreePath *path, GtkTreeViewColumn *column,
			  gpointer data)
{
	struct chooser *chooser = data;

	(void)view;
	(void)path;
	(void)column;
	gtk_dialog_response(GTK_DIALOG(chooser->dialog), GTK_RESPONSE_OK);
}

/* Arrows move in the list while the keys go to the search. */
static gboolean key_in_search(GtkWidget *search, GdkEventKey *event, gpointer data)
{
	struct chooser *chooser = data;
	GtkTreePath *path = NULL;
	int row;

	(void)search;
	if (event->keyval != GDK_KEY_Down && event->keyval != GDK_KEY_Up)
		return FALSE;
	gtk_tree_view_get_cursor(GTK_TREE_VIEW(chooser->list), &path, NULL);
	if (!path)
		return TRUE;
	row = gtk_tree_path_get_indices(path)[0] + (event->keyval == GDK_KEY_Down ? 1 : -1);
	gtk_tree_path_free(path);
	if (row >= 0 && row < gtk_tree_model_iter_n_children(GTK_TREE_MODEL(chooser->store), NULL))
		select_row(chooser, row);
	return TRUE;
}

/* On a small screen, or a scaled one, the buttons are to be seen rather than many names. */
static int list_height(void)
{
	GdkDisplay *display = gdk_display_get_default();
	GdkMonitor *monitor = gdk_display_get_primary_monitor(display);
	GdkRectangle area;

	if (!monitor) /* Wayland has no primary one */
		monitor = gdk_display_get_monitor(display, 0);
	if (!monitor)
		return LIST_HEIGHT;
	gdk_monitor_get_workarea(monitor, &area);
	return CLAMP(area.height - OTHERS, LIST_LEAST, LIST_HEIGHT);
}

static GtkWidget *make_list(struct chooser *chooser)
{
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);
	GtkCellRenderer *cell = gtk_cell_renderer_text_new();
	GtkTreeViewColumn *column =
		gtk_tree_view_column_new_with_attributes(NULL, cell, "text", LABEL, NULL);

	/* Templates differ at their ends. */
	g_object_set(cell, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, NULL);
	chooser->store = gtk_list_store_new(COLUMNS, G_TYPE_STRING, G_TYPE_STRING);
	chooser->list = gtk_tree_view_new_with_model(GTK_TREE_MODEL(chooser->store));
	gtk_tree_view_append_column(GTK_TREE_VIEW(chooser->list), column);
	gtk_tree_view_column_set_sizing(column, GTK_TREE_VIEW_COLUMN_FIXED);
	gtk_tree_view_set_fixed_height_mode(GTK_TREE_VIEW(chooser->list), TRUE);
	gtk_tree_view_set_headers_visible(GTK_TREE_VIEW(chooser->list), FALSE);
	gtk_tree_view_set_enable_search(GTK_TREE_VIEW(chooser->list), FALSE);
	gtk_tree_selection_set_mode(selection_of(chooser), GTK_SELECTION_SINGLE);
	widgets_name(chooser->list, _("VMs"));
	gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scrolled), GTK_SHADOW_IN);
	gtk_scrolled_window_set_min_content_width(GTK_SCROLLED_WINDOW(scrolled), LIST_WIDTH);
	gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(scrolled), list_height());
	gtk_widget_set_can_focus(scrolled, FALSE);
	gtk_container_add(GTK_CONTAINER(scrolled), chooser->list);
	return scrolled;
}

static void make(struct chooser *chooser, const struct subject *subject)
{
	GtkWidget *box, *scrolled, *waiting = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	char *question = words_question(subject);

	chooser->dialog = widgets_dialog(chooser->app, words_title(subject->action), &box);
	chooser->question = widgets_label(question, TRUE);
	chooser->search = gtk_search_entry_new();
	gtk_entry_set_placeholder_text(GTK_ENTRY(chooser->search), _("Search"));
	gtk_entry_set_activates_default(GTK_ENTRY(chooser->search), TRUE);
	widgets_name(chooser->search, _("Search for a VM"));
	chooser->status = widgets_label("", FALSE);
	chooser->spinner = gtk_spinner_new();
	gtk_widget_set_no_show_all(chooser->status, TRUE);
	scrolled = make_list(chooser);
	gtk_box_pack_start(GTK_BOX(waiting), chooser->spinner, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(waiting), chooser->status, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), chooser->question, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), chooser->search, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), scrolled, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), waiting, FALSE, FALSE, 0);
	gtk_dialog_add_button(GTK_DIALOG(chooser->dialog), _("C_ancel"), GTK_RESPONSE_CANCEL);
	gtk_dialog_add_button(GTK_DIALOG(chooser->dialog), words_button(subject->action),
			      GTK_RESPONSE_OK);
	gtk_dialog_set_default_response(GTK_DIALOG(chooser->dialog), GTK_RESPONSE_OK);
	g_free(question);
}

static void listen(struct chooser *chooser)
{
	g_signal_connect_data(chooser->dialog, "response", G_CALLBACK(responds), chooser,
			      free_chooser, 0);
	g_signal_connect(chooser->search, "search-changed", G_CALLBACK(typed), chooser);
	g_signal_connect(chooser->search, "stop-search", G_CALLBACK(search_stopped), chooser);
	g_signal_connect(chooser->search, "key-press-event", G_CALLBACK(key_in_search), chooser);
	g_signal_connect(chooser->list, "row-activated", G_CALLBACK(row_activated), chooser);
	g_signal_connect(selection_of(chooser), "changed", G_CALLBACK(select_changed), chooser);
}

struct chooser *chooser_show(GtkApplication *app, const struct subject *subject, const char *client,
			     const char *service,
			     void (*chosen)(const char *vm, gboolean sandbox, gpointer data),
			     gpointer data)
{
	struct chooser *chooser = g_new0(struct chooser, 1);

	*chooser = (struct chooser){.app = app,
				    .cancel = g_cancellable_new(),
				    .client = g_strdup(client),
				    .state = recent_directory(),
				    .action = subject->action,
				    .chosen = chosen,
				    .data = data};
	make(chooser, subject);
	listen(chooser);
	gtk_widget_show_all(chooser->dialog);
	gtk_spinner_start(GTK_SPINNER(chooser->spinner));
	fill(chooser);
	list(chooser, service);
	gtk_widget_grab_focus(chooser->search);
	gtk_window_present(GTK_WINDOW(chooser->dialog));
	return chooser;
}

void chooser_rename(struct chooser *chooser, const struct subject *subject)
{
	char *question = words_question(subject);

	gtk_label_set_text(GTK_LABEL(chooser->question), question);
	g_free(question);
}
