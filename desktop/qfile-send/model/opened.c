/*
 * A file that is open in another VM: what its window says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "opened.h"

#include "filled.h"
#include "shown.h"

#include <glib/gi18n.h>

#define NAME 60
#define PATH 300

/* Lines that are kept: the other VM may have much to say. */
#define LOG_LINES 200

/* A sentence about $1, which is freed, and the VM, $2. */
static void add(struct opened *opened, const struct subject *subject, const char *format,
		char *shown)
{
	char *sentence = filled_freeing(format, shown, shown_vm(subject->vm, subject->sandbox));
	unsigned lines = 0;

	if (!opened->log)
		opened->log = g_string_new(NULL);
	for (const char *at = opened->log->str; *at; at++)
		lines += *at == '\n';
	if (lines < LOG_LINES)
		g_string_append_printf(opened->log, "%s\n", sentence);
	g_free(sentence);
}

void opened_take(struct opened *opened, const struct subject *subject, const struct event *event,
		 const char *when)
{
	if (event->phase != PHASE_OPEN && event->phase != PHASE_DONE)
		return;
	opened->open = opened->open || event->phase == PHASE_OPEN;
	if (event->saves > opened->saves)
		g_strlcpy(opened->when, when, sizeof(opened->when));
	opened->saves = event->saves;
	opened->saves_here = event->saves_here;
	if (event->note)
		/* Translators: $2 is a VM, and $1 is what it says */
		add(opened, subject, _("$2 says: $1"), shown_text(event->note));
	if (event->beside)
		/* Translators: here and below, $1 is the path of a file, and $2 is a VM */
		add(opened, subject, _("Saved beside it in $2, and here now: $1"),
		    shown_name(event->beside, PATH));
	if (event->kept_at)
		add(opened, subject,
		    _("A save of $2 is kept in $1, because the file here was changed or may not "
		      "be replaced."),
		    shown_name(event->kept_at, PATH));
	if (event->before)
		add(opened, subject,
		    _("The last save of $2 may be damaged. What the file had before is in $1"),
		    shown_name(event->before, PATH));
}

void opened_clear(struct opened *opened)
{
	if (opened->log)
		g_string_free(opened->log, TRUE);
	*opened = (struct opened){.open = FALSE};
}

char *opened_heading(const struct opened *opened, const struct subject *subject)
{
	char *base, *name, *vm, *text;

	if (!opened->open)
		return words_doing(subject);
	base = g_path_get_basename(subject->first);
	name = shown_name(base, NAME);
	vm = shown_vm(subject->vm, subject->sandbox);
	text = g_strdup_printf(_("“%s” is open in %s"), name, vm);
	g_free(base);
	g_free(name);
	g_free(vm);
	return text;
}

char *opened_status(const struct opened *opened, const struct subject *subject)
{
	if (subject->action == ACTION_VIEW)
		return g_strdup(_("Only to view it: nothing comes back."));
	if (opened->saves == 0)
		return g_strdup(_("Nothing was saved there yet."));
	if (opened->saves_here < opened->saves)
		return g_strdup_printf(_("%u of %u saves are in the file here, the last came at "
					 "%s."),
				       opened->saves_here, opened->saves, opened->when);
	return g_strdup_printf(ngettext("%u save is here, it came at %s.",
					"%u saves are here, the last came at %s.", opened->saves),
			       opened->saves, opened->when);
}
