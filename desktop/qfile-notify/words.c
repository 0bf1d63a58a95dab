/*
 * The words of notices.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "words.h"

#include "text/printable.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

/* Names in the text of a notice, and columns of one. */
#define SHOWN   3
#define COLUMNS 60

static char *displayable(const char *untrusted)
{
	const size_t size = 4 * COLUMNS + 8;
	char *text = g_malloc(size);

	text_displayable(untrusted, strlen(untrusted), text, size, COLUMNS);
	return text;
}

/* ---- What has arrived ---- */

static char *how_many(const char *source, unsigned long files, unsigned long folders)
{
	const unsigned long all = files + folders;

	if (folders == 0)
		return g_strdup_printf(ngettext("%lu file from %s", "%lu files from %s", all), all,
				       source);
	if (files == 0)
		return g_strdup_printf(ngettext("%lu folder from %s", "%lu folders from %s", all),
				       all, source);
	return g_strdup_printf(ngettext("%lu item from %s", "%lu items from %s", all), all, source);
}

void words_of_arrivals(const char *source, const struct arrivals *arrivals, struct words *words)
{
	const unsigned long all = arrivals->files + arrivals->folders;
	const unsigned shown = MIN(arrivals->kept, SHOWN);
	GString *body = g_string_new(NULL);

	for (unsigned i = 0; i < shown; i++) {
		char *name = displayable(arrivals->first[i].name);

		g_string_append_printf(body, "%s%s", i > 0 ? "\n" : "", name);
		g_free(name);
	}
	if (all > shown || arrivals->more)
		g_string_append_printf(body, "%s%s", shown > 0 ? "\n" : "", _("and more"));
	words->summary = arrivals->more ? g_strdup_printf(_("Many files from %s"), source)
					: how_many(source, arrivals->files, arrivals->folders);
	words->body = g_string_free(body, FALSE);
}

/* ---- What was refused ---- */

/* By what sentence a code is explained. $1 is the name of the entry. */
static const struct reason {
	guint32 code;
	const char *of_entry, *of_all;
} reasons[] = {
	{EEXIST, N_("“$1” is there already. Nothing was replaced."),
	 N_("It is there already. Nothing was replaced.")},
	{ENOSPC, NULL, N_("The disk is full. Make room, and have it sent again.")},
	{EDQUOT, NULL, N_("It is more than may be received at a time.")},
	{EFBIG, N_("“$1” is too large for this disk."), N_("It is too large for this disk.")},
	{EILSEQ, N_("The name “$1” has characters that are not accepted."),
	 N_("A name has characters that are not accepted.")},
	{ENAMETOOLONG, N_("The name “$1” is too long."), N_("A name is too long.")},
	{EADDRNOTAVAIL, N_("The disk does not take the name “$1”."),
	 N_("The disk does not take a name in it.")},
	{ENOTUNIQ, N_("The disk takes the name “$1” for that of something else that came."),
	 N_("The disk takes two of its names for the same.")},
	{ENOLINK, N_("The link “$1” leads out of what was sent."),
	 N_("A link leads out of what was sent.")},
	{EINVAL, NULL, N_("What was sent is damaged.")},
	{ETIMEDOUT, NULL, N_("The other side did not go on sending.")},
	{EIO, NULL, N_("The disk has failed. Have it checked.")},
	{EROFS, NULL, N_("The disk cannot be written to.")},
	{EACCES, NULL, N_("The folder for it cannot be written to.")},
};

static const struct reason *find(guint32 code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
		if (reasons[i].code == code)
			return &reasons[i];
	}
	return NULL;
}

/* Of what could not be done here, and what only this side may know. */
static char *own_reason(guint32 flags)
{
	const char *what = flags & REFUSAL_ALARM
				   ? _("It broke the rules in a way that may be an attack.")
				   : _("This computer could not receive it.");

	return flags & REFUSAL_LOGGED
		       ? g_strconcat(what, " ", _("The system's log says more."), NULL)
		       : g_strdup(what);
}

static char *reason_of(const struct refusal *untrusted)
{
	const struct reason *reason = find(untrusted->code);
	char *name, *text, **parts;

	if (untrusted->flags & REFUSAL_OURS)
		return own_reason(untrusted->flags);
	if (!reason)
		return own_reason(0);
	if (!reason->of_entry || !*untrusted->name)
		return g_strdup(_(reason->of_all));
	name = displayable(untrusted->name);
	parts = g_strsplit(_(reason->of_entry), "$1", 2);
	text = g_strjoinv(name, parts);
	g_strfreev(parts);
	g_free(name);
	return text;
}

void words_of_refusals(const char *source, unsigned long count, const struct refusal *untrusted,
		       struct words *words)
{
	if (count == 1)
		words->summary = g_strdup_printf(_("A delivery from %s was refused"), source);
	else
		words->summary =
			g_strdup_printf(ngettext("%lu delivery from %s was refused",
						 "%lu deliveries from %s were refused", count),
					count, source);
	words->body = reason_of(untrusted);
}
