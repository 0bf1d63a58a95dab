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
#include <sys/stat.h>

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

	if (!sorted)
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

static void explain(const char *argument, const struct qfile_error *error)
{
	char text[1024];

	if (!*argument)
		warnx("an argument is empty: name a file or directory");
	else if (error->code == EINVAL)
		warnx("the root directory has no name to send it under: name what is in it");
	else if (error->code == ENOTSUP)
		warnx("cannot send \"%s\": it is neither a file nor a directory nor a link",
		      argument);
	else
		warnx("%s; nothing was copied", qfile_error_text(error, text, sizeof(text)));
}

/* Warn if --ignore-symlinks leaves out a link that the user has named. */
static void warn_of_link(const struct qfile_source *source)
{
	struct stat status;

	if (lstat(source->path, &status) == 0 && S_ISLNK(status.st_mode))
		warnx("skipped \"%s\": it is a symbolic link", source->base);
}

struct qfile_source *sources_open(const struct options *options)
{
	struct qfile_source *sources = calloc(options->count, sizeof(*sources));
	struct qfile_error error;
	bool ok = true;

	if (!sources)
		err(EXIT_FAILED, NULL);
	for (size_t i = 0; i < options->count; i++) {
		if (qfile_source_open(&sources[i], options->arguments[i], options->flags, &error) <
		    0) {
			explain(options->arguments[i], &error);
			ok = false;
		} else if (options->flags & QFILE_IGNORE_LINKS) {
			warn_of_link(&sources[i]);
		}
	}
	return ok && bases_differ(sources, options->count) ? sources : NULL;
}
