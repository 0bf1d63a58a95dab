/*
 * Which of the sources arrived under other names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "renamed.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void renamed_begin(struct renamed *renamed, const struct report *report)
{
	size_t count = report->source_count;

	*renamed = (struct renamed){.report = report, .bases = calloc(count, sizeof(char *))};
	for (size_t i = 0; renamed->bases && i < count; i++)
		renamed->bases[i] = report->sources[i].base;
	if (renamed->bases)
		qsort(renamed->bases, count, sizeof(char *), by_name);
}

bool renamed_next(struct renamed *renamed)
{
	const struct report *report = renamed->report;
	const size_t pair = 2 * (NAME_MAX + 1);

	while (renamed->bases && qfile_result_renamed(&report->result, &renamed->place,
						      &renamed->name, &renamed->untrusted_final)) {
		/* No other pair would have fitted behind these. */
		renamed->cut = renamed->place > sizeof(report->result.name) - pair;
		if (bsearch(&renamed->name, renamed->bases, report->source_count, sizeof(char *),
			    by_name))
			return true;
	}
	return false;
}

void renamed_end(struct renamed *renamed)
{
	free(renamed->bases);
}
