/*
 * A transfer of files, from its beginning to its end, with its windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transfer.h"

#include "child.h"
#include "message.h"
#include "model/failure.h"
#include "model/programs.h"
#include "model/shown.h"
#include "notice.h"
#include "progress.h"

#include <glib/gi18n.h>

enum {
	DONE = 0,
	NOT_DONE = 1,
	PARTLY = 3,
};

/* Seconds that qfile-agent has to stop by itself. */
#define PATIENCE 5

struct transfer {
	GtkApplication *app;
	struct subject subject; /* with texts of its own */
	char **files;
	const char *option; /* what a remedy adds; NULL: nothing */
	enum remedy remedy; /* the one that is offered */
	struct child *child;
	struct progress *progress;
	enum phase phase; /* the last that was seen */
	gboolean stopped; /* by the user */
	void (*ended)(int status, gpointer data);
	gpointer data;
};

static void end(struct transfer *transfer, int status)
{
	transfer->ended(status, transfer->data);
	g_strfreev(transfer->files);
	g_free((char *)transfer->subject.vm);
	g_free(transfer);
}

static gboolean begin(struct transfer *transfer, struct failure *failure);

static void show(struct transfer *transfer, const struct message *message,
		 void (*answered)(gboolean acted, gpointer data))
{
	struct message whole = *message;

	whole.title = words_title(transfer->subject.action);
	message_show(transfer->app, &whole, answered, transfer);
}

static void end_partly(gboolean acted, gpointer data)
{
	(void)acted;
	end(data, PARTLY);
}

static void answered(gboolean acted, gpointer data);

static void show_failure(struct transfer *transfer, struct failure *failure, const char *details)
{
	static const struct {
		const char *action, *close;
	} buttons[] = {
		[REMEDY_NONE] = {NULL, NULL},
		[REMEDY_KEEP_BOTH] = {N_("_Keep both"), N_("C_ancel")},
		[REMEDY_FOLLOW] = {N_("_Send what links point to"), N_("C_ancel")},
		[REMEDY_LEAVE_OUT] = {N_("_Leave them out"), N_("C_ancel")},
	};
	const char *action = buttons[failure->remedy].action,
		   *close = buttons[failure->remedy].close;
	const struct message message = {
		.icon = action ? "dialog-question" : "dialog-error",
		.sentence = failure->sentence,
		.advice = failure->advice,
		.details = details,
		.action = action ? _(action) : NULL,
		.close = close ? _(close) : NULL,
	};

	transfer->remedy = failure->remedy;
	show(transfer, &message, answered);
	failure_clear(failure);
}

/* Of a failure: once more, with the remedy? */
static void answered(gboolean acted, gpointer data)
{
	static const char *const options[] = {
		[REMEDY_NONE] = NULL,
		[REMEDY_KEEP_BOTH] = "--rename",
		[REMEDY_FOLLOW] = "--dereference",
		[REMEDY_LEAVE_OUT] = "--skip-unreadable",
	};
	struct transfer *transfer = data;
	struct failure failure;

	if (!acted) {
		end(transfer, NOT_DONE);
		return;
	}
	transfer->option = options[transfer->remedy];
	if (!begin(transfer, &failure))
		show_failure(transfer, &failure, NULL);
}

/* What people are told who look at the details. */
static char *details_of(const struct event *last, const char *said)
{
	GString *text = g_string_new(last && last->remarks ? last->remarks : "");
	char *shown;

	if (last && last->message)
		g_string_append_printf(text, "%s\n", last->message);
	g_string_append(text, said);
	shown = shown_lines(text->str, text->len);
	g_string_free(text, TRUE);
	return shown;
}

static void end_copied(struct transfer *transfer, const struct event *last, const char *said)
{
	char *text;

	if (last->left_out || last->changed || last->kept) {
		char *details = details_of(last, said);
		struct message message = {.icon = "dialog-warning", .details = details};

		message.sentence = text = words_partly(&transfer->subject, last);
		show(transfer, &message, end_partly);
		g_free(details);
	} else {
		text = words_done(&transfer->subject);
		notice_show(transfer->app, words_title(transfer->subject.action), text);
		end(transfer, DONE);
	}
	g_free(text);
}

/* Is it plain that nothing has arrived, and did the user want just that? */
static gboolean is_stopped(const struct transfer *transfer, const struct event *last)
{
	if (!transfer->stopped)
		return FALSE;
	return last ? last->outcome == OUTCOME_STOPPED || last->outcome == OUTCOME_FAILED
		    : transfer->phase < PHASE_CONFIRMING;
}

static void child_ended(const struct event *last, int status, const char *said, gpointer data)
{
	struct transfer *transfer = data;
	struct child *child = transfer->child;
	const struct ended how = {
		.last = last, .status = status, .reached = transfer->phase >= PHASE_SENDING};

	g_clear_pointer(&transfer->progress, progress_free);
	transfer->child = NULL;
	if (last && last->outcome == OUTCOME_COPIED) {
		end_copied(transfer, last, said);
	} else if (is_stopped(transfer, last)) {
		end(transfer, NOT_DONE);
	} else {
		char *details = details_of(last, said);
		struct failure failure;

		failure_find(&transfer->subject, &how, &failure);
		show_failure(transfer, &failure, details);
		g_free(details);
	}
	child_free(child);
}

static void child_event(const struct event *event, gpointer data)
{
	struct transfer *transfer = data;

	if (event->phase == PHASE_DONE)
		return;
	transfer->phase = event->phase;
	progress_take(transfer->progress, event);
}

static void stop(gpointer data)
{
	struct transfer *transfer = data;

	transfer->stopped = TRUE;
	progress_stopping(transfer->progress);
	child_stop(transfer->child, PATIENCE);
}

/* Returns FALSE, with *failure, if qfile-agent cannot be started. */
static gboolean begin(struct transfer *transfer, struct failure *failure)
{
	static const struct child_calls calls = {.event = child_event, .ended = child_ended};
	GPtrArray *words = g_ptr_array_new();
	char *program = programs_find("qfile-agent"),
	     *vm = g_strconcat("--vm=", transfer->subject.vm, NULL);
	GError *error = NULL;

	g_ptr_array_add(words, program);
	g_ptr_array_add(words, vm);
	if (transfer->subject.action == ACTION_MOVE)
		g_ptr_array_add(words, (char *)"--move");
	if (transfer->option)
		g_ptr_array_add(words, (char *)transfer->option);
	g_ptr_array_add(words, (char *)"--");
	for (char **file = transfer->files; *file; file++)
		g_ptr_array_add(words, *file);
	g_ptr_array_add(words, NULL);
	transfer->stopped = FALSE;
	transfer->phase = PHASE_OTHER;
	/* Without its window nobody would know that it goes on. */
	transfer->child =
		child_start((const char *const *)words->pdata, TRUE, &calls, transfer, &error);
	if (transfer->child)
		transfer->progress =
			progress_new(transfer->app, &transfer->subject, stop, transfer);
	else
		failure_of_start("qfile-agent", error->message, failure);
	g_clear_error(&error);
	g_ptr_array_free(words, TRUE);
	g_free(program);
	g_free(vm);
	return transfer->child != NULL;
}

void transfer_start(GtkApplication *app, const struct subject *subject, char *const files[],
		    void (*ended)(int status, gpointer data), gpointer data)
{
	struct transfer *transfer = g_new0(struct transfer, 1);
	struct failure failure;

	transfer->app = app;
	transfer->files = g_strdupv((char **)files);
	transfer->subject = *subject;
	transfer->subject.vm = g_strdup(subject->vm);
	transfer->subject.first = transfer->files[0];
	transfer->ended = ended;
	transfer->data = data;
	if (!begin(transfer, &failure))
		show_failure(transfer, &failure, NULL);
}
