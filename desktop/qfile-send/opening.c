/*
 * A file that is open in another VM, with its windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "opening.h"

#include "child.h"
#include "message.h"
#include "model/failure.h"
#include "model/opened.h"
#include "model/programs.h"
#include "model/shown.h"
#include "progress.h"
#include "widgets.h"

#include <glib/gi18n.h>
#include <string.h>

/* Seconds that qopen-in-vm has to end, in which it waits for what was just saved. */
#define PATIENCE 15

struct opening {
	GtkApplication *app;
	struct subject subject; /* with texts of its own */
	struct child *child;
	struct progress *progress; /* until it is open there */
	struct opened opened;
	GtkWidget *dialog, *heading, *status, *log, *button; /* since then; NULL before */
	gboolean stopped, reached;                           /* by the user; the other VM */
	int result;
	void (*ended)(int status, gpointer data);
	gpointer data;
};

static void end(struct opening *opening, int status)
{
	opening->ended(status, opening->data);
	opened_clear(&opening->opened);
	g_free((char *)opening->subject.vm);
	g_free((char *)opening->subject.first);
	g_free(opening);
}

static void end_answered(gboolean acted, gpointer data)
{
	struct opening *opening = data;

	(void)acted;
	end(opening, opening->result);
}

static void show(struct opening *opening, const char *icon, const char *sentence,
		 const char *advice, const char *details, int result)
{
	const struct message message = {
		.title = words_title(opening->subject.action),
		.icon = icon,
		.sentence = sentence,
		.advice = advice,
		.details = details,
	};

	opening->result = result;
	message_show(opening->app, &message, end_answered, opening);
}

static void show_failure(struct opening *opening, struct failure *failure, const char *details)
{
	show(opening, "dialog-error", failure->sentence, failure->advice, details, 1);
	failure_clear(failure);
}

/* ---- The window while it is open ---- */

static void stop(gpointer data)
{
	struct opening *opening = data;

	opening->stopped = TRUE;
	if (opening->progress)
		progress_stopping(opening->progress);
	if (opening->dialog) {
		gtk_button_set_label(GTK_BUTTON(opening->button), _("Ending"));
		gtk_widget_set_sensitive(opening->button, FALSE);
	}
	child_stop(opening->child, PATIENCE);
}

static void responds(GtkDialog *dialog, gint response, gpointer data)
{
	(void)dialog;
	(void)response;
	stop(data);
}

static void make_window(struct opening *opening)
{
	GtkWidget *box, *column;

	opening->dialog = widgets_dialog(opening->app, words_title(opening->subject.action), &box);
	column = widgets_beside_icon(box, "document-edit");
	opening->heading = widgets_label("", TRUE);
	opening->status = widgets_label("", FALSE);
	opening->log = widgets_text("", _("What has happened"));
	gtk_widget_set_no_show_all(opening->log, TRUE);
	gtk_box_pack_start(GTK_BOX(column), opening->heading, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(column), opening->status, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(column), opening->log, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(column),
			   widgets_label(_("Press Done when you have closed it there. What is "
					   "saved there "
					   "later does not come here."),
					 FALSE),
			   FALSE, FALSE, 0);
	opening->button =
		gtk_dialog_add_button(GTK_DIALOG(opening->dialog), _("_Done"), GTK_RESPONSE_OK);
	g_signal_connect(opening->dialog, "delete-event", G_CALLBACK(gtk_true), NULL);
	g_signal_connect(opening->dialog, "response", G_CALLBACK(responds), opening);
}

static void show_log(struct opening *opening)
{
	GtkWidget *view = gtk_bin_get_child(GTK_BIN(opening->log));

	gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)),
				 opening->opened.log->str, -1);
	gtk_widget_show(view);
	gtk_widget_show(opening->log);
}

static void renew_window(struct opening *opening)
{
	char *heading = opened_heading(&opening->opened, &opening->subject),
	     *status = opened_status(&opening->opened, &opening->subject);

	gtk_label_set_text(GTK_LABEL(opening->heading), heading);
	gtk_label_set_text(GTK_LABEL(opening->status), status);
	if (opening->opened.log)
		show_log(opening);
	g_free(heading);
	g_free(status);
}

/* ---- What it says ---- */

static void child_event(const struct event *event, gpointer data)
{
	struct opening *opening = data;
	GDateTime *now = g_date_time_new_now_local();
	char *when = g_date_time_format(now, "%X");

	opening->reached =
		opening->reached || (event->phase >= PHASE_SENDING && event->phase != PHASE_DONE);
	opened_take(&opening->opened, &opening->subject, event, when);
	if (event->phase == PHASE_OPEN && !opening->dialog) {
		g_clear_pointer(&opening->progress, progress_free);
		make_window(opening);
		renew_window(opening);
		gtk_widget_show_all(opening->dialog);
		if (opening->stopped)
			stop(opening);
	} else if (opening->dialog) {
		renew_window(opening);
	} else if (event->phase != PHASE_DONE) {
		progress_take(opening->progress, event);
	}
	g_free(when);
	g_date_time_unref(now);
}

/* It ended well. What is to be known is shown; all else was seen while it was open. */
static void end_well(struct opening *opening)
{
	char *sentence, *status;

	if (!opening->opened.log) {
		end(opening, 0);
		return;
	}
	sentence = words_ended(&opening->subject);
	status = opened_status(&opening->opened, &opening->subject);
	show(opening, "dialog-information", sentence, status, opening->opened.log->str, 0);
	g_free(sentence);
	g_free(status);
}

static void child_ended(const struct event *last, int status, const char *said, gpointer data)
{
	struct opening *opening = data;
	struct child *child = opening->child;
	const struct ended how = {.last = last, .status = status, .reached = opening->reached};
	const enum outcome outcome = last ? last->outcome : OUTCOME_NONE;
	const gboolean stopped =
		opening->stopped && (outcome == OUTCOME_STOPPED || outcome == OUTCOME_NONE);

	opening->child = NULL;
	g_clear_pointer(&opening->progress, progress_free);
	g_clear_pointer(&opening->dialog, gtk_widget_destroy);
	if (stopped && !opening->opened.open) {
		end(opening, 1);
	} else if (stopped || (outcome == OUTCOME_COMPLETE && status == 0)) {
		end_well(opening);
	} else {
		struct failure failure;
		GString *text = g_string_new(NULL);
		char *shown = shown_lines(said, strlen(said));

		if (opening->opened.log)
			g_string_append(text, opening->opened.log->str);
		g_string_append(text, shown);
		failure_find(&opening->subject, &how, &failure);
		show_failure(opening, &failure, text->str);
		g_string_free(text, TRUE);
		g_free(shown);
	}
	child_free(child);
}

/* qopen-in-vm takes files only. */
static gboolean is_file(struct opening *opening, struct failure *failure)
{
	if (!g_file_test(opening->subject.first, G_FILE_TEST_IS_DIR))
		return TRUE;
	failure_of_folder(&opening->subject, failure);
	return FALSE;
}

static gboolean begin(struct opening *opening, struct failure *failure)
{
	static const struct child_calls calls = {.event = child_event, .ended = child_ended};
	char *program = programs_find("qopen-in-vm"),
	     *vm = g_strconcat("--vm=", opening->subject.vm, NULL);
	const char *words[] = {program, vm, "--verbose", "--", opening->subject.first, NULL};
	GError *error = NULL;

	if (opening->subject.action == ACTION_VIEW)
		words[2] = "--view-only";
	/* Without a window, too, what is saved there has to come. */
	opening->child = child_start(words, FALSE, &calls, opening, &error);
	if (opening->child)
		opening->progress = progress_new(opening->app, &opening->subject, stop, opening);
	else
		failure_of_start("qopen-in-vm", error->message, failure);
	g_clear_error(&error);
	g_free(program);
	g_free(vm);
	return opening->child != NULL;
}

void opening_start(GtkApplication *app, const struct subject *subject,
		   void (*ended)(int status, gpointer data), gpointer data)
{
	struct opening *opening = g_new0(struct opening, 1);
	struct failure failure;

	opening->app = app;
	opening->subject = *subject;
	opening->subject.vm = g_strdup(subject->vm);
	opening->subject.first = g_strdup(subject->first);
	opening->ended = ended;
	opening->data = data;
	if (!is_file(opening, &failure) || !begin(opening, &failure))
		show_failure(opening, &failure, NULL);
}
