/*
 * The report of a transfer, for programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "renamed.h"
#include "report.h"

#include "cli/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_name(FILE *out, const char *key, const char *name, size_t length)
{
	size_t size = JSON_NAME_SIZE(length);
	char *text = malloc(size);

	if (text)
		json_name(key, name, length, text, size);
	fprintf(out, "%s", text ? text : "\"no_memory\":true");
	free(text);
}

static void put_text(FILE *out, const char *key, const char *text)
{
	char escaped[JSON_TEXT_SIZE(sizeof(((struct ending *)NULL)->message))];

	json_text(text, strlen(text), escaped, sizeof(escaped));
	fprintf(out, "\"%s\":\"%s\"", key, escaped);
}

static void put_listed(FILE *out, const char *key, const struct listed *listed)
{
	const char *comma = "";

	fprintf(out, ",\"%s_count\":%" PRIu64 ",\"%s\":[", key, listed->count, key);
	for (size_t i = 0; i < listed->count && i < LISTED_MAX; i++) {
		if (!listed->names[i] || !listed->reasons[i])
			continue; /* there was no memory for it */
		fprintf(out, "%s{", comma);
		put_name(out, "name", listed->names[i], strlen(listed->names[i]));
		fputc(',', out);
		put_text(out, "why", listed->reasons[i]);
		fputc('}', out);
		comma = ",";
	}
	fputc(']', out);
}

static void put_renamed(FILE *out, const struct report *report)
{
	struct renamed renamed;
	const char *comma = "";

	fprintf(out, ",\"renamed\":[");
	renamed_begin(&renamed, report);
	while (renamed_next(&renamed)) {
		fprintf(out, "%s{", comma);
		put_name(out, "name", renamed.name, strlen(renamed.name));
		fputc(',', out);
		put_name(out, "final", renamed.untrusted_final, strlen(renamed.untrusted_final));
		fputc('}', out);
		comma = ",";
	}
	fprintf(out, "],\"renamed_cut\":%s", renamed.cut ? "true" : "false");
	renamed_end(&renamed);
}

/* Where it has arrived and what is lost there, as far as the receiver says so. */
static void put_place(FILE *out, const struct report *report)
{
	const char *place = qfile_result_remark(&report->result, QFILE_REMARK_PLACE);
	const bool modes = report_lost(report) & QFILE_LOST_MODES,
		   times = report_lost(report) & QFILE_LOST_TIMES;

	fputc(',', out);
	put_name(out, "place", place ? place : "", place ? strlen(place) : 0);
	fprintf(out, ",\"lost\":[%s%s%s]", modes ? "\"modes\"" : "", modes && times ? "," : "",
		times ? "\"times\"" : "");
}

static void put_report(FILE *out, const struct report *report)
{
	const struct ending *ending = &report->ending;

	fprintf(out, "{\"phase\":\"done\",\"outcome\":\"%s\",\"code\":%" PRIu32 ",",
		ending->outcome, ending->code);
	put_text(out, "message", ending->message);
	fprintf(out, ",\"help\":[%s%s%s],", ending->help ? "\"" : "",
		ending->help ? ending->help : "", ending->help ? "\"" : "");
	put_name(out, "entry", ending->entry ? ending->entry : "", ending->entry_length);
	fprintf(out,
		",\"bytes\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"files\":%" PRIu64
		",\"directories\":%" PRIu64 ",\"links\":%" PRIu64,
		report->size.bytes, report->size.entries, report->sent.files,
		report->sent.directories, report->sent.links);
	put_place(out, report);
	put_renamed(out, report);
	put_listed(out, "left_out", &report->left_out);
	put_listed(out, "changed", &report->changed);
	put_listed(out, "kept", &report->kept);
	fputs("}\n", out);
}

void report_last(const struct report *report, struct show *show)
{
	char *text = NULL;
	size_t length;
	FILE *out = show->mode == SHOW_JSON ? open_memstream(&text, &length) : NULL;

	if (!out)
		return;
	put_report(out, report);
	if (fclose(out) == 0)
		show_last(show, text, length);
	free(text);
	if (report->reports_to >= 0)
		(void)!write(report->reports_to, "", 1);
}
