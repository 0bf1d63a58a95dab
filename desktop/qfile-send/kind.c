/*
 * What is disposable here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "kind.h"

#include "model/programs.h"

#include <string.h>

/* Milliseconds for a program that has nothing to do but to look at its own settings. */
#define PATIENCE 2000

struct question {
	GSubprocess *process;
	GCancellable *cancel; /* the caller's, or NULL */
	guint late;
	void (*told)(gboolean sandbox, gpointer data);
	gpointer data;
};

static gboolean is_late(gpointer data)
{
	struct question *question = data;

	question->late = 0;
	g_subprocess_force_exit(question->process);
	return G_SOURCE_REMOVE;
}

static void was_answered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct question *question = data;
	char *out = NULL;

	g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &out, NULL, NULL);
	g_clear_handle_id(&question->late, g_source_remove);
	if (!g_cancellable_is_cancelled(question->cancel))
		question->told(out && strcmp(out, "sandbox\n") == 0, question->data);
	g_free(out);
	g_clear_object(&question->cancel);
	g_object_unref(question->process);
	g_free(question);
}

void kind_ask(const char *client, GCancellable *cancel,
	      void (*told)(gboolean sandbox, gpointer data), gpointer data)
{
	GSubprocess *process =
		g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
				 NULL, client, "--kind=@dispvm", NULL);
	struct question *question;

	if (!process) {
		told(FALSE, data);
		return;
	}
	question = g_new(struct question, 1);
	*question = (struct question){
		.process = process,
		.cancel = cancel ? g_object_ref(cancel) : NULL,
		.told = told,
		.data = data,
	};
	question->late = g_timeout_add(PATIENCE, is_late, question);
	g_subprocess_communicate_utf8_async(process, NULL, NULL, was_answered, question);
}

struct answer {
	gboolean told, sandbox;
};

static void take(gboolean sandbox, gpointer data)
{
	*(struct answer *)data = (struct answer){.told = TRUE, .sandbox = sandbox};
}

gboolean kind_is_sandbox(void)
{
	struct answer answer = {.told = FALSE};
	gboolean asks = FALSE;
	char *client = programs_client(&asks);

	if (client && !asks) {
		kind_ask(client, NULL, take, &answer);
		while (!answer.told)
			g_main_context_iteration(NULL, TRUE);
	}
	g_free(client);
	return answer.sandbox;
}
