/*
 * Patterns of names: what is to be left out of a delivery.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the longest component that any file system has, its NUL counted: FUSE's. */
#define COMPONENT_SIZE 1025

struct pattern {
	bool only_directories;
	size_t count;
	char *text; /* the parts, each with a NUL behind it */
	const char *parts[];
};

static const char any_number[] = "**";

static void pattern_free(struct pattern *pattern)
{
	free(pattern->text);
	free(pattern);
}

/* A pattern with room for all parts of `text`, and those that are added to them. */
static struct pattern *pattern_alloc(const char *text)
{
	struct pattern *pattern;
	size_t most = 3;

	for (const char *at = text; *at; at++)
		most += *at == '/';
	pattern = calloc(1, sizeof(*pattern) + most * sizeof(*pattern->parts));
	if (!pattern)
		return NULL;
	pattern->text = strdup(text);
	if (!pattern->text) {
		free(pattern);
		return NULL;
	}
	return pattern;
}

static struct pattern *pattern_new(const char *text)
{
	struct pattern *pattern = pattern_alloc(text);
	char *rest, *part;

	if (!pattern)
		return NULL;
	pattern->only_directories = *text && text[strlen(text) - 1] == '/';
	/* What may begin anywhere has any number of components before it. */
	if (*text != '/')
		pattern->parts[pattern->count++] = any_number;
	for (part = strtok_r(pattern->text, "/", &rest); part; part = strtok_r(NULL, "/", &rest))
		pattern->parts[pattern->count++] = part;
	/* At the end: what is in a directory, not the directory itself. */
	if (pattern->count && strcmp(pattern->parts[pattern->count - 1], any_number) == 0)
		pattern->parts[pattern->count++] = "*";
	return pattern;
}

int patterns_init(struct patterns *patterns, const char *const *texts)
{
	size_t count = 0;

	*patterns = (struct patterns){.list = NULL};
	while (texts && texts[count]) {
		if (!texts[count][strspn(texts[count], "/")])
			return -EINVAL;
		count++;
	}
	if (count == 0)
		return 0;
	patterns->list = calloc(count, sizeof(struct pattern *));
	if (!patterns->list)
		return -ENOMEM;
	while (patterns->count < count) {
		struct pattern *pattern = pattern_new(texts[patterns->count]);

		if (!pattern) {
			patterns_free(patterns);
			return -ENOMEM;
		}
		patterns->list[patterns->count++] = pattern;
	}
	return 0;
}

void patterns_free(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		pattern_free(patterns->list[i]);
	free(patterns->list);
	*patterns = (struct patterns){.list = NULL};
}

/* Where the last component of the first `length` bytes of `name` begins. */
static size_t last_component(const char *name, size_t length)
{
	const char *slash = memrchr(name, '/', length);

	return slash ? (size_t)(slash - name) + 1 : 0;
}

static bool matches_component(const char *part, const char *name, size_t begin, size_t end)
{
	char component[COMPONENT_SIZE];

	if (end - begin >= sizeof(component))
		return false;
	memcpy(component, name + begin, end - begin);
	component[end - begin] = '\0';
	return fnmatch(part, component, 0) == 0;
}

/*
 * From the end to the beginning: most names differ in the last component already. `parts` and
 * `length` say how much has no match yet. If there is none for the rest, the last "**" that was
 * passed, at `any_parts`, takes one component more.
 */
static bool matches(const struct pattern *pattern, const char *name)
{
	size_t parts = pattern->count, length = strlen(name);
	size_t any_parts = 0, any_length = 0;

	while (parts > 0 || length > 0) {
		const char *part = parts > 0 ? pattern->parts[parts - 1] : NULL;
		size_t begin = last_component(name, length);

		if (part && strcmp(part, any_number) == 0) {
			if (parts == 1)
				return true;
			any_parts = parts--;
			any_length = length;
			continue;
		}
		if (part && length > 0 && matches_component(part, name, begin, length)) {
			parts--;
			length = begin > 0 ? begin - 1 : 0;
			continue;
		}
		if (any_parts == 0 || any_length == 0)
			return false;
		begin = last_component(name, any_length);
		length = any_length = begin > 0 ? begin - 1 : 0;
		parts = any_parts - 1;
	}
	return true;
}

bool patterns_match(const struct patterns *patterns, const char *name, bool is_directory)
{
	for (size_t i = 0; i < patterns->count; i++) {
		const struct pattern *pattern = patterns->list[i];

		if ((is_directory || !pattern->only_directories) && matches(pattern, name))
			return true;
	}
	return false;
}
