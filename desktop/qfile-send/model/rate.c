/*
 * How fast a transfer is, and how long it will take.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "rate.h"

#include <glib/gi18n.h>

/* Microseconds between two looks: shorter ones say more of buffers than of the way. */
#define BETWEEN (G_USEC_PER_SEC / 2)
/* What the last look weighs: the number follows a change within a few seconds, and stays legible.
 */
#define WEIGHT 0.3

void rate_add(struct rate *rate, gint64 now, guint64 bytes)
{
	double last;

	if (rate->since == 0 || bytes < rate->bytes) {
		*rate = (struct rate){.since = now, .bytes = bytes};
		return;
	}
	if (now - rate->since < BETWEEN)
		return;
	last = (double)(bytes - rate->bytes) * G_USEC_PER_SEC / (double)(now - rate->since);
	rate->current = rate->current > 0 ? (1 - WEIGHT) * rate->current + WEIGHT * last : last;
	rate->since = now;
	rate->bytes = bytes;
}

static char *time_text(double seconds)
{
	unsigned long count;

	if (seconds < 60) {
		count = seconds < 1 ? 1 : (unsigned long)seconds;
		return g_strdup_printf(ngettext("%lu second left", "%lu seconds left", count),
				       count);
	}
	if (seconds < 3600) {
		count = (unsigned long)(seconds / 60 + 0.5);
		return g_strdup_printf(ngettext("%lu minute left", "%lu minutes left", count),
				       count);
	}
	count = seconds < 1e7 ? (unsigned long)(seconds / 3600 + 0.5) : 2777;
	return g_strdup_printf(ngettext("%lu hour left", "%lu hours left", count), count);
}

char *rate_text(const struct rate *rate, guint64 bytes, guint64 total)
{
	char *done = g_format_size(bytes), *all = g_format_size(total), *speed, *left;
	GString *text = g_string_new(NULL);

	if (total >= bytes && total > 0)
		/* Translators: "12.0 MB of 48.0 MB" */
		g_string_printf(text, _("%s of %s"), done, all);
	else
		g_string_assign(text, done);
	if (rate->current >= 1) {
		speed = g_format_size((guint64)rate->current);
		/* Translators: a speed, "5.0 MB/s" */
		g_string_append(text, ", ");
		g_string_append_printf(text, _("%s/s"), speed);
		g_free(speed);
		if (total > bytes) {
			left = time_text((double)(total - bytes) / rate->current);
			g_string_append_printf(text, ", %s", left);
			g_free(left);
		}
	}
	g_free(done);
	g_free(all);
	return g_string_free(text, FALSE);
}
