/*
 * The sources: what to send.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sources.h"
#include "cli/usage.h"
#include "explain.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_base(const void *a, const void *b)
{
	return strcmp((*(const struct qfile_source *const *)a)->base,
		      (*(const struct qfile_source *const *)b)->base);
}

/* Say what is wrong with an argument. */
static void say(struct ending *ending, const char *argument, int code, const char *text)
{
	warnx("%s", text);
	if (ending->outcome)
		return;
	ending->outcome = "failed";
	ending->code = (uint32_t)code;
	ending->entry = argument;
	ending->entry_length = strlen(argument);
	snprintf(ending->message, sizeof(ending->message), "%s", text);
}

/* Two sources with the same base name would collide at the receiver. */
static bool bases_differ(const struct qfile_source *sources, size_t count, struct ending *ending)
{
	const struct qfile_source **sorted = calloc(count, sizeof(*sorted));
	bool differ = true;
	char name[300], text[512];

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
			snprintf(text, sizeof(text),
				 "two of the arguments have the name \"%s\"; nothing was copied. "
				 "Rename one, or send them one after the other with --rename",
				 name);
			say(ending, sorted[i]->base, EEXIST, text);
		}
	}
	free(sorted);
	return differ;
}

static bool is_link(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/*
 * Is it there, but cannot be read? Links are followed only with --dereference; they may lead
 * nowhere or in a circle.
 */
static bool is_unreadable(const char *argument, int code)
{
	return code == EACCES || ((code == ENOENT || code == ELOOP) && is_link(argument));
}

static void explain(const char *argument, const struct qfile_error *error, struct ending *ending)
{
	char name[512], reason[960], text[1024];

	qfile_displayable(argument, strlen(argument), name, sizeof(name), 400);
	if (!*argument)
		snprintf(text, sizeof(text),
			 "an argument is empty; nothing was copied. "
			 "Name a file or directory");
	else if (error->code == EINVAL)
		snprintf(text, sizeof(text),
			 "the root directory has no name to send it under; nothing was copied. "
			 "Name what is in it");
	else if (error->code == ENOTSUP)
		snprintf(text, sizeof(text),
			 "cannot send \"%s\": it is neither a file nor a directory nor a link; "
			 "nothing was copied",
			 name);
	else if (is_unreadable(argument, error->code))
		snprintf(text, sizeof(text),
			 "cannot read \"%s\": %s; nothing was copied. Use --skip-unreadable to "
			 "send everything else",
			 name, explain_why_unreadable(error->code, reason, sizeof(reason)));
	else
		snprintf(text, sizeof(text), "%s; nothing was copied",
			 qfile_error_text(error, reason, sizeof(reason)));
	say(ending, argument, error->code, text);
	if (is_unreadable(argument, error->code))
		ending->help = "skip-unreadable";
}

bool sources_open(struct sources *sources, const struct options *options, struct listed *left_out,
		  struct ending *ending)
{
	struct qfile_error error;
	bool ok = true;

	sources->count = 0;
	sources->list = calloc(options->count, sizeof(*sources->list));
	if (!sources->list)
		err(EXIT_FAILED, NULL);
	for (size_t i = 0; i < options->count; i++) {
		const char *argument = options->arguments[i];
		/* What is there and cannot be read, the survey finds, and names with all others. */
		int r = qfile_source_open(&sources->list[sources->count], argument,
					  options->flags | QFILE_SKIP_UNREADABLE, &error);

		if (r == 0) {
			sources->count++;
		} else if (is_unreadable(argument, -r) && options->flags & QFILE_SKIP_UNREADABLE) {
			explain_unreadable(left_out, argument, -r);
		} else {
			explain(argument, &error, ending);
			ok = false;
		}
	}
	return ok && bases_differ(sources->list, sources->count, ending);
}
