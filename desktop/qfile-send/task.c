/*
 * A task: the files of one selection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "task.h"

#include "chooser.h"
#include "cli/settings/load.h"
#include "kind.h"
#include "message.h"
#include "model/programs.h"
#include "model/selection.h"
#include "model/vms.h"
#include "opening.h"
#include "transfer.h"

#include <glib/gi18n.h>

/* So many files are opened at a time: each has a window here, and there. */
#define OPEN_MAX 10

struct task {
	GtkApplication *app;
	struct selection selection;
	GPtrArray *lines; /* of all calls */
	char *vm;         /* NULL: it was not chosen yet */
	gboolean sandbox; /* as in struct subject */
	struct settings settings;
	struct chooser *chooser;
	guint wait; /* for other calls */
	gboolean begun;
	unsigned running; /* transfers and openings */
	int status;
	void (*ended)(struct task *task, gpointer data);
	gpointer data;
};

static void end(struct task *task, int status)
{
	for (guint i = 0; i < task->lines->len; i++)
		g_application_command_line_set_exit_status(g_ptr_array_index(task->lines, i),
							   status);
	g_ptr_array_free(task->lines, TRUE);
	selection_clear(&task->selection);
	task->ended(task, task->data);
	g_application_release(G_APPLICATION(task->app));
	g_free(task->vm);
	g_free(task);
}

static struct subject subject_of(const struct task *task)
{
	return (struct subject){
		.action = task->selection.action,
		.vm = task->vm,
		.first = g_ptr_array_index(task->selection.files, 0),
		.count = task->selection.files->len,
		.sandbox = task->sandbox,
	};
}

static void part_ended(int status, gpointer data)
{
	struct task *task = data;

	/* What was not done at all is worse than what was done in part. */
	if (task->status != 1 && status != 0)
		task->status = status;
	if (--task->running == 0)
		end(task, task->status);
}

static void begin_transfer(struct task *task)
{
	const struct subject subject = subject_of(task);

	task->running = 1;
	g_ptr_array_add(task->selection.files, NULL);
	transfer_start(task->app, &subject, (char *const *)task->selection.files->pdata, part_ended,
		       task);
}

static void begin_openings(struct task *task)
{
	struct subject subject = subject_of(task);
	const guint count = task->selection.files->len;

	task->running = count;
	subject.count = 1;
	for (guint i = 0; i < count; i++) {
		subject.first = g_ptr_array_index(task->selection.files, i);
		opening_start(task->app, &subject, part_ended, task);
	}
}

static void end_answered(gboolean acted, gpointer data)
{
	(void)acted;
	end(data, 1);
}

static void refuse(struct task *task, const char *sentence, const char *advice)
{
	const struct message message = {
		.title = words_title(task->selection.action),
		.icon = "dialog-error",
		.sentence = sentence,
		.advice = advice,
	};

	message_show(task->app, &message, end_answered, task);
}

/* Files would be gone with it, and after a move they would be nowhere. */
static void refuse_disposable(struct task *task)
{
	const struct subject subject = subject_of(task);
	char *sentence = words_not_stored(&subject);

	refuse(task, sentence, _("To work on a file in it, choose “Open in another VM” instead."));
	g_free(sentence);
}

static void begin(struct task *task)
{
	const gboolean copies = task->selection.action <= ACTION_MOVE;

	task->begun = TRUE;
	if (copies && vms_is_disposable(task->vm))
		refuse_disposable(task);
	else if (copies)
		begin_transfer(task);
	else if (task->selection.files->len <= OPEN_MAX)
		begin_openings(task);
	else
		refuse(task, _("These are too many files to be opened at once."),
		       _("Choose ten at most."));
}

static gboolean wait_is_over(gpointer data);

/* Another call may belong to this selection: with more files, or with folders. */
static void begin_soon(struct task *task)
{
	const gint64 left = selection_open(&task->selection, g_get_monotonic_time());

	if (left == 0)
		begin(task);
	else
		task->wait = g_timeout_add((guint)(left / G_TIME_SPAN_MILLISECOND) + 1,
					   wait_is_over, task);
}

static gboolean wait_is_over(gpointer data)
{
	struct task *task = data;

	task->wait = 0;
	begin_soon(task);
	return G_SOURCE_REMOVE;
}

static void chosen(const char *vm, gboolean sandbox, gpointer data)
{
	struct task *task = data;

	task->chooser = NULL;
	if (!vm) {
		end(task, 1);
		return;
	}
	task->sandbox = sandbox;
	task->vm = g_strdup(vm);
	begin_soon(task);
}

static void have_kind(gboolean sandbox, gpointer data)
{
	struct task *task = data;

	chosen(task->selection.to, sandbox, task);
}

/* Whom to send to: the one that was named, or qrexec's own question, or ours. */
static void choose(struct task *task)
{
	const gboolean opens = task->selection.action >= ACTION_OPEN;
	const struct settings *settings = &task->settings;
	char failure[SETTINGS_FAILURE_SIZE];
	const struct subject subject = subject_of(task);
	gboolean asks = FALSE;
	char *client = programs_client(&asks);

	if (settings_load(&task->settings, failure) < 0)
		refuse(task, _("The settings of this machine are wrong. Nothing was sent."),
		       failure);
	else if (task->selection.to && client && !asks && vms_is_disposable(task->selection.to))
		kind_ask(client, NULL, have_kind, task);
	else if (task->selection.to)
		chosen(task->selection.to, FALSE, task);
	else if (asks)
		chosen(task->selection.action == ACTION_VIEW ? "@dispvm" : "@default", FALSE, task);
	else if (client)
		task->chooser = chooser_show(
			task->app, &subject, client,
			opens ? settings->open_service : settings->copy_service, chosen, task);
	else
		refuse(task, _("Nothing here connects this VM with others."),
		       _("Whoever manages these VMs can change that."));
	g_free(client);
}

struct task *task_new(GtkApplication *app, const struct options *options,
		      GApplicationCommandLine *line,
		      void (*ended)(struct task *task, gpointer data), gpointer data)
{
	struct task *task = g_new0(struct task, 1);

	task->app = app;
	task->ended = ended;
	task->data = data;
	task->lines = g_ptr_array_new_with_free_func(g_object_unref);
	g_ptr_array_add(task->lines, g_object_ref(line));
	selection_init(&task->selection, options, g_get_monotonic_time());
	g_application_hold(G_APPLICATION(app));
	choose(task);
	return task;
}

gboolean task_join(struct task *task, const struct options *options, GApplicationCommandLine *line)
{
	if (task->begun || !selection_join(&task->selection, options, g_get_monotonic_time()))
		return FALSE;
	g_ptr_array_add(task->lines, g_object_ref(line));
	if (task->chooser) {
		const struct subject subject = subject_of(task);

		chooser_rename(task->chooser, &subject);
	}
	return TRUE;
}
