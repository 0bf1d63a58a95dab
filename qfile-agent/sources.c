/*
 * The sources: what to send.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sources.h"
#include "cli/usage.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_base(const void *a, const void *b)
{
	return strcmp((*(const struct qfile_source *const *)a)->base,
		      (*(const struct qfile_source *const *)b)->base);
}

/* Two sources with the same base name would collide at the receiver. */
static bool bases_differ(const struct qfile_source *sources, size_t count)
{
	const struct qfile_source **sorted = calloc(count, sizeof(*sorted));
	bool differ = true;
	char name[300];

	if (!sorted && count > 0)
		err(EXIT_FAILED, NULL);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &sources[i];
	qsort(sorted, count, sizeof(*sorted), by_base);
	for (size_t i = 1; i < count && differ; i++) {
		differ = by_base(&sorted[i - 1], &sorted[i]) != 0;
		if (!differ) {
			qfile_displayable(sorted[i]->base, strlen(sorted[i]->base), name,
					  sizeof(name), 255);
			warnx("two of the arguments have the name \"%s\": send them one after the "
			      "other, or rename one",
			      name);
		}
	}
	free(sorted);
	return differ;
}

static void explain_type(const char *argument)
{
	char name[300];

	qfile_displayable(argument, strlen(argument), name, sizeof(name), 200);
	warnx("cannot send \"%s\": it is neither a file nor a directory nor a link; nothing was "
	      "copied",
	      name);
}

static void explain(const char *argument, const struct qfile_error *error)
{
	char text[1024];

	if (!*argument)
		warnx("an argument is empty: name a file or directory");
	else if (error->code == EINVAL)
		warnx("the root directory has no name to send it under: name what is in it");
	else if (error->code == ENOTSUP)
		explain_type(argument);
	else
		warnx("%s; nothing was copied", qfile_error_text(error, text, sizeof(text)));
}

bool sources_open(struct sources *sources, struct left *left_out, const struct options *options)
{
	struct qfile_error error;
	bool ok = true;

	sources->count = 0;
	sources->list = calloc(options->count, sizeof(*sources->list));
	if (!sources->list)
		err(EXIT_FAILED, NULL);
	for (size_t i = 0; i < options->count; i++) {
		const char *argument = options->arguments[i];
		int r = qfile_source_open(&sources->list[sources->count], argument, options->flags,
					  &error);

		if (r == 0) {
			sources->count++;
		} else if (r == -EACCES && options->flags & QFILE_SKIP_UNREADABLE) {
			left_add_error(left_out, argument, EACCES);
		} else {
			explain(argument, &error);
			ok = false;
		}
	}
	return ok && bases_differ(sources->list, sources->count);
}
