/*
 * Templates of sandboxes: what is accepted, and what it means, are those of the manual page.
 *
 * The input is the text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"

#include "pedos-rpc-sandbox/template.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANK "[ \t\r]*"

static regex_t nothing, entry, climbing;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	MUST(-regcomp(&nothing, "^[ \t]*([ \t\r]*|#.*)$", REG_EXTENDED | REG_NOSUB));
	MUST(-regcomp(&entry,
		      "^[ \t]*((network)" BLANK "=[ \t]*(yes|no)|"
		      "(display)" BLANK "=[ \t]*(nested|none)|"
		      "(geometry)" BLANK "=[ \t]*[0-9]+x[0-9]+|"
		      "(memory|space)" BLANK "=[ \t]*[0-9]+[KMGT]?|"
		      "(processes)" BLANK "=[ \t]*[0-9]+|"
		      "(bind)" BLANK "=[ \t]*/.*)" BLANK "$",
		      REG_EXTENDED | REG_NOSUB));
	MUST(-regcomp(&climbing, "/\\.\\.(/|$)", REG_EXTENDED | REG_NOSUB));
	return 0;
}

static void check_bounds(const struct template *template)
{
	CHECK(template->width >= 64 && template->width <= 16384);
	CHECK(template->height >= 64 && template->height <= 16384);
	CHECK(template->memory >= 32 << 20 && template->memory <= INT64_MAX);
	CHECK(template->space >= 1 << 20 && template->space <= INT64_MAX);
	CHECK(template->processes >= 8 && template->processes <= 100000);
	CHECK(template->bind_count <= TEMPLATE_BINDS_MAX);
	for (size_t i = 0; i < template->bind_count; i++) {
		const char *path = template->binds[i];

		CHECK(strnlen(path, PATH_MAX) < PATH_MAX && *path == '/' && !strchr(path, '\n'));
		CHECK(regexec(&climbing, path, 0, NULL, 0) != 0);
	}
}

/* Each line is one of those that there are: by another reader, which knows no bounds. */
static void check_form(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		CHECK(regexec(&nothing, line, 0, NULL, 0) == 0 ||
		      regexec(&entry, line, 0, NULL, 0) == 0);
	free(copy);
}

static bool same(const struct template *one, const struct template *other)
{
	bool binds = one->bind_count == other->bind_count;

	for (size_t i = 0; binds && i < one->bind_count; i++)
		binds = strcmp(one->binds[i], other->binds[i]) == 0;
	return binds && one->network == other->network && one->display == other->display &&
	       one->width == other->width && one->height == other->height &&
	       one->memory == other->memory && one->space == other->space &&
	       one->processes == other->processes;
}

/* Written again, without what has no meaning, it is the same. */
static void check_again(const struct template *template)
{
	static struct template again;
	char *text, *exact;
	size_t length;
	unsigned line;
	const char *why;
	FILE *file = open_memstream(&text, &length);

	fprintf(file,
		"network=%s\ndisplay=%s\ngeometry=%ux%u\nmemory=%" PRIu64 "\nspace=%" PRIu64
		"\nprocesses=%u",
		template->network ? "yes" : "no", template->display ? "nested" : "none",
		template->width, template->height, template->memory, template->space,
		template->processes);
	for (size_t i = 0; i < template->bind_count; i++)
		fprintf(file, "\nbind=%s", template->binds[i]);
	fclose(file);
	exact = fuzz_exact_copy(text, length);
	template_default(&again);
	CHECK(template_parse(exact, length, &again, &line, &why) == 0);
	CHECK(same(template, &again));
	free(exact);
	free(text);
}

static unsigned count_lines(const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct template template;
	char *exact = fuzz_exact_copy(data, size), *text = strndup((const char *)data, size);
	const char *why = NULL;
	unsigned line = 0;
	int r;

	template_default(&template);
	r = template_parse(exact, size, &template, &line, &why);
	CHECK(r == 0 || r == -EINVAL);
	if (r == 0) {
		CHECK(!memchr(data, '\0', size));
		check_bounds(&template);
		check_form(text);
		check_again(&template);
	} else {
		CHECK(why && *why && line >= 1 && line <= count_lines(data, size));
	}
	free(text);
	free(exact);
	return 0;
}
