/*
 * What a task is about to send.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "selection.h"

static void add(struct selection *selection, const struct options *options, gint64 now)
{
	for (int i = 0; i < options->count; i++)
		g_ptr_array_add(selection->files, g_strdup(options->files[i]));
	selection->last = now;
}

void selection_init(struct selection *selection, const struct options *options, gint64 now)
{
	*selection = (struct selection){
		.action = options->action,
		.to = g_strdup(options->to),
		.files = g_ptr_array_new_with_free_func(g_free),
	};
	add(selection, options, now);
}

void selection_clear(struct selection *selection)
{
	g_free(selection->to);
	g_ptr_array_free(selection->files, TRUE);
	*selection = (struct selection){.action = ACTION_COPY};
}

gint64 selection_open(const struct selection *selection, gint64 now)
{
	const gint64 left = selection->last + SELECTION_JOINS - now;

	return left > 0 ? left : 0;
}

gboolean selection_join(struct selection *selection, const struct options *options, gint64 now)
{
	if (options->action != selection->action || g_strcmp0(options->to, selection->to) != 0 ||
	    selection_open(selection, now) == 0)
		return FALSE;
	add(selection, options, now);
	return TRUE;
}
