/*
 * What is said of an action before, while and after it is done.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "words.h"

#include "filled.h"
#include "shown.h"
#include "vms.h"

#include <glib/gi18n.h>
#include <string.h>

/* Columns of a name in a sentence. */
#define NAME 60

const char *words_title(enum action action)
{
	switch (action) {
	case ACTION_COPY:
		return _("Copy to another VM");
	case ACTION_MOVE:
		return _("Move to another VM");
	case ACTION_OPEN:
		return _("Open in another VM");
	case ACTION_VIEW:
		return _("View in another VM");
	default:
		return _("Question of another VM");
	}
}

const char *words_button(enum action action)
{
	switch (action) {
	case ACTION_COPY:
		return _("_Copy");
	case ACTION_MOVE:
		return _("_Move");
	case ACTION_OPEN:
		return _("_Open");
	default:
		return _("_View");
	}
}

/* "NAME", of one item, or "3 items". */
static char *items(const struct subject *subject)
{
	char *base, *shown, *text;

	if (subject->count != 1)
		return g_strdup_printf(ngettext("%u item", "%u items", subject->count),
				       subject->count);
	base = g_path_get_basename(subject->first);
	shown = shown_name(base, NAME);
	/* Translators: the name of a file, in quotes */
	text = g_strdup_printf(_("“%s”"), shown);
	g_free(base);
	g_free(shown);
	return text;
}

static char *vm_of(const struct subject *subject)
{
	return shown_vm(subject->vm ? subject->vm : "@default", subject->sandbox);
}

/* In English these are the same for one item and for several, in other languages they are not. */
static const char *question_of(enum action action, unsigned count)
{
	switch (action) {
	case ACTION_COPY:
		return ngettext("To which VM should $1 be copied?",
				"To which VM should $1 be copied?", count);
	case ACTION_MOVE:
		return ngettext("To which VM should $1 be moved?",
				"To which VM should $1 be moved?", count);
	case ACTION_OPEN:
		return ngettext("In which VM should $1 be opened?",
				"In which VM should $1 be opened?", count);
	default:
		return ngettext("In which VM should $1 be viewed?",
				"In which VM should $1 be viewed?", count);
	}
}

char *words_question(const struct subject *subject)
{
	return filled_freeing(question_of(subject->action, subject->count), items(subject),
			      vm_of(subject));
}

static const char *doing_of(enum action action, unsigned count)
{
	switch (action) {
	case ACTION_COPY:
		/* Translators: $1 is the name of a file or "3 items", $2 is a VM */
		return ngettext("Copying $1 to $2", "Copying $1 to $2", count);
	case ACTION_MOVE:
		return ngettext("Moving $1 to $2", "Moving $1 to $2", count);
	case ACTION_OPEN:
		return ngettext("Opening $1 in $2", "Opening $1 in $2", count);
	default:
		return ngettext("Opening $1 in $2 to view it", "Opening $1 in $2 to view it",
				count);
	}
}

char *words_doing(const struct subject *subject)
{
	return filled_freeing(doing_of(subject->action, subject->count), items(subject),
			      vm_of(subject));
}

char *words_phase(const struct subject *subject, const struct event *event)
{
	const char *format;

	switch (event->phase) {
	case PHASE_COUNTING:
		format = _("Counting the files");
		break;
	case PHASE_SENDING:
		if (!event->name || subject->action >= ACTION_OPEN)
			return g_strdup(_("Sending"));
		return shown_name(event->name, NAME);
	case PHASE_RECEIVING:
		format = _("A save is coming back");
		break;
	case PHASE_CONFIRMING:
		format = _("Waiting until $2 has stored everything");
		break;
	case PHASE_REMOVING:
		format = _("Removing what was moved");
		break;
	default:
		format = subject->vm && vms_is_disposable(subject->vm)
				 ? _("Waiting for $2")
				 : _("Waiting for the permission of $2");
	}
	return filled_freeing(format, items(subject), vm_of(subject));
}

char *words_done(const struct subject *subject)
{
	const char *format =
		subject->action == ACTION_MOVE
			? ngettext("$1 was moved to $2", "$1 were moved to $2", subject->count)
			: ngettext("$1 was copied to $2", "$1 were copied to $2", subject->count);

	return filled_freeing(format, items(subject), vm_of(subject));
}

char *words_not_stored(const struct subject *subject)
{
	/* Translators: $2 is "a disposable VM" or "a disposable sandbox" */
	return filled_freeing(_("Nothing can be copied to $2: it is thrown away when it is closed, "
				"with everything in it. Nothing was sent."),
			      items(subject), vm_of(subject));
}

char *words_ended(const struct subject *subject)
{
	return filled_freeing(_("$1 is not open in $2 any more"), items(subject), vm_of(subject));
}

/* A number of things, with what has become of them. Nothing is said of none. */
static void add_count(GString *text, const char *format, guint64 count)
{
	char *number, *sentence;

	if (count == 0)
		return;
	number = g_strdup_printf("%" G_GUINT64_FORMAT, count);
	sentence = filled(format, number, "");
	g_string_append_printf(text, " %s", sentence);
	g_free(number);
	g_free(sentence);
}

char *words_partly(const struct subject *subject, const struct event *last)
{
	char *done = words_done(subject);
	GString *text = g_string_new(done);

	g_string_append(text, _(", but not everything went well."));
	/* Translators: $1 is a number */
	add_count(text, _("Left out: $1."), last->left_out);
	add_count(text, _("Changed meanwhile, so that half of it may be old: $1."), last->changed);
	add_count(text, _("Kept here, too: $1."), last->kept);
	g_free(done);
	return g_string_free(text, FALSE);
}

char *words_prompt(const char *source, const char *target, const char *service,
		   const struct settings *settings)
{
	const size_t length = strcspn(service, "+");
	char *name = g_strndup(service, length), *shown = shown_name(name, NAME),
	     *from = shown_name(source, NAME), *to = shown_name(target, NAME), *text;

	if (strcmp(name, settings->copy_service) == 0)
		text = g_strdup_printf(_("%s wants to send files to %s. Is that allowed?"), from,
				       to);
	else if (strcmp(name, settings->open_service) == 0)
		text = g_strdup_printf(_("%s wants to open a file in %s. Is that allowed?"), from,
				       to);
	else
		text = g_strdup_printf(_("%s wants to use “%s” of %s. Is that allowed?"), from,
				       shown, to);
	g_free(name);
	g_free(shown);
	g_free(from);
	g_free(to);
	return text;
}
