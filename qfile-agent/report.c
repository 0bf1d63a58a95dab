/*
 * The report of a transfer, for people.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "report.h"
#include "renamed.h"

#include "cli/progress.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* So many entries of a list are named. */
#define NAMED_MAX 10

/* "3 files, 1 directory and 2 links", or "nothing". */
static void say_count(const struct qfile_count *count, char *text, size_t size)
{
	const struct {
		uint64_t n;
		const char *one, *several;
	} kinds[] = {
		{count->files, "file", "files"},
		{count->directories, "directory", "directories"},
		{count->links, "link", "links"},
	};
	size_t used = (size_t)snprintf(text, size, "nothing"), left = 0, said = 0;

	for (size_t i = 0; i < 3; i++)
		left += kinds[i].n > 0;
	for (size_t i = 0; i < 3; i++) {
		if (kinds[i].n == 0)
			continue;
		left--;
		used = said == 0 ? 0 : used;
		used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64 " %s",
					 said == 0   ? ""
					 : left == 0 ? " and "
						     : ", ",
					 kinds[i].n,
					 kinds[i].n == 1 ? kinds[i].one : kinds[i].several);
		said++;
	}
}

/* Where it has arrived, as far as that is known. */
static void say_place(const struct report *report, char *text, size_t size)
{
	const char *untrusted = qfile_result_remark(&report->result, QFILE_REMARK_PLACE);
	char place[1024];

	if (untrusted && *untrusted && strcmp(untrusted, receiver.incoming) != 0) {
		qfile_displayable(untrusted, strlen(untrusted), place, sizeof(place), 255);
		snprintf(text, size, "\"%s\"%s%s", place, report->to ? " of " : "",
			 report->to ? report->to : "");
	} else {
		snprintf(text, size, "%s%s%s", report->to ? receiver.incoming : "the receiver",
			 report->to ? " of " : "", report->to ? report->to : "");
	}
}

/* Of a move: what has become of it here, unless all of it was removed or the message says it. */
static const char *what_is_here(const struct report *report)
{
	if (!report->options->move || report->ending.message[0])
		return "";
	if (report->kept.count > 0)
		return "; not all of it could be removed here";
	return report->left_out.count > 0
		       ? "; removed here, except for directories of what was left out"
		       : "";
}

/* What was sent, how much and where to. */
static void say_success(const struct report *report)
{
	const char *here = what_is_here(report);
	bool moved = report->options->move && !*here && !report->ending.message[0];
	char count[128], bytes[32] = "", number[16], place[2048];

	say_count(&report->sent, count, sizeof(count));
	if (report->sent.files > 0)
		snprintf(bytes, sizeof(bytes), " (%s)",
			 size_text((double)report->size.bytes, number));
	say_place(report, place, sizeof(place));
	fprintf(stderr, "%s %s%s to %s%s\n", moved ? "moved" : "copied", count, bytes, place, here);
}

unsigned report_lost(const struct report *report)
{
	const char *untrusted = qfile_result_remark(&report->result, QFILE_REMARK_LOST);

	if (!untrusted)
		return 0;
	return (strstr(untrusted, "modes") ? QFILE_LOST_MODES : 0) |
	       (strstr(untrusted, "times") ? QFILE_LOST_TIMES : 0);
}

/* What has not arrived as it was sent, because the disk there keeps no such thing. */
static void say_lost(const struct report *report)
{
	const unsigned lost = report_lost(report);

	if (lost & QFILE_LOST_MODES)
		fprintf(stderr, "the file system there does not keep permissions\n");
	if (lost & QFILE_LOST_TIMES)
		fprintf(stderr, "the file system there does not keep times, or less exactly\n");
}

static void say_renamed(const struct report *report)
{
	char name[1024], final[1024];
	struct renamed renamed;
	uint64_t count = 0;

	renamed_begin(&renamed, report);
	for (; renamed_next(&renamed); count++) {
		if (count >= NAMED_MAX)
			continue;
		qfile_displayable(renamed.name, strlen(renamed.name), name, sizeof(name), 255);
		qfile_displayable(renamed.untrusted_final, strlen(renamed.untrusted_final), final,
				  sizeof(final), 255);
		fprintf(stderr, "\"%s\" arrived as \"%s\"\n", name, final);
	}
	if (count > NAMED_MAX)
		fprintf(stderr, "%" PRIu64 " more arrived under other names\n", count - NAMED_MAX);
	if (renamed.cut)
		fprintf(stderr, "there may be others, which the receiver had no room to name\n");
	renamed_end(&renamed);
}

void report_say(const struct report *report)
{
	bool copied = strcmp(report->ending.outcome, "copied") == 0;

	if (!copied) {
		warnx("%s", report->ending.message);
		return;
	}
	if (!report->quiet) {
		say_success(report);
		say_renamed(report);
	}
	if (report->ending.message[0])
		warnx("%s", report->ending.message);
	listed_say(&report->left_out, "left out");
	/* A move keeps the others, and they are told as that. */
	if (!report->options->move)
		listed_say(&report->changed, "changed while it was sent:");
	if (report->options->calling.verbose) {
		say_lost(report);
		listed_say(&report->times, "arrived with another time:");
	}
	listed_say(&report->kept, "copied; kept here:");
}
