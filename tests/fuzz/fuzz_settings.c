/*
 * The settings of a machine: what is accepted, and what it means, are those of the manual page.
 *
 * The input is the text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"

#include "cli/settings/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define BLANK "[ \t\r]*"

static regex_t nothing, entry, name;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	MUST(-regcomp(&nothing, "^[ \t]*([ \t\r]*|#.*)$", REG_EXTENDED | REG_NOSUB));
	MUST(-regcomp(&name, "^[A-Za-z][A-Za-z0-9_.-]{0,62}$", REG_EXTENDED | REG_NOSUB));
	MUST(-regcomp(&entry,
		      "^[ \t]*((incoming|copy-service|open-service)" BLANK "=[ "
		      "\t]*[A-Za-z][A-Za-z0-9_"
		      ".-]{0,62}|"
		      "(qfile-unpacker\\.max-bytes|qfile-unpacker\\.wait-for-space|"
		      "qopen-in-vm\\.max-bytes|vm-file-editor\\.max-bytes)" BLANK "=[ "
		      "\t]*[0-9]+[KMGT]"
		      "?|"
		      "(qfile-unpacker\\.max-files|qfile-unpacker\\.timeout)" BLANK "=[ \t]*[0-9]+|"
		      "qfile-unpacker\\.on-conflict" BLANK "=[ \t]*(fail|rename)|"
		      "qfile-unpacker\\.allow-(all-names|unsafe-symlinks)" BLANK "=[ "
		      "\t]*(yes|no)"
		      ")" BLANK "$",
		      REG_EXTENDED | REG_NOSUB));
	return 0;
}

/* Each line is one of those that there are: by another reader, which knows no bounds of numbers. */
static void check_form(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		CHECK(regexec(&nothing, line, 0, NULL, 0) == 0 ||
		      regexec(&entry, line, 0, NULL, 0) == 0);
	free(copy);
}

static void check_names(const struct settings *settings)
{
	CHECK(regexec(&name, settings->incoming, 0, NULL, 0) == 0);
	CHECK(regexec(&name, settings->copy_service, 0, NULL, 0) == 0);
	CHECK(regexec(&name, settings->open_service, 0, NULL, 0) == 0);
}

static bool same(const struct settings *one, const struct settings *other)
{
	return strcmp(one->incoming, other->incoming) == 0 &&
	       strcmp(one->copy_service, other->copy_service) == 0 &&
	       strcmp(one->open_service, other->open_service) == 0 &&
	       one->unpacker.max_bytes == other->unpacker.max_bytes &&
	       one->unpacker.max_files == other->unpacker.max_files &&
	       one->unpacker.wait_for_space == other->unpacker.wait_for_space &&
	       one->unpacker.timeout == other->unpacker.timeout &&
	       one->unpacker.rename == other->unpacker.rename &&
	       one->unpacker.all_names == other->unpacker.all_names &&
	       one->unpacker.unsafe_links == other->unpacker.unsafe_links &&
	       one->opener_max_bytes == other->opener_max_bytes &&
	       one->editor_max_bytes == other->editor_max_bytes;
}

/* Written again, without what has no meaning, it is the same. */
static void check_again(const struct settings *settings)
{
	struct settings again;
	char *text, *exact;
	size_t length;
	unsigned line;
	const char *why;
	FILE *file = open_memstream(&text, &length);

	fprintf(file,
		"incoming=%s\ncopy-service=%s\nopen-service=%s\n"
		"qfile-unpacker.max-bytes=%" PRIu64 "\nqfile-unpacker.max-files=%" PRIu64 "\n",
		settings->incoming, settings->copy_service, settings->open_service,
		settings->unpacker.max_bytes, settings->unpacker.max_files);
	/* A number alone counts MiB, so that all are whole numbers of KiB. */
	fprintf(file, "qfile-unpacker.wait-for-space=%" PRIu64 "K\n",
		settings->unpacker.wait_for_space >> 10);
	fprintf(file,
		"qfile-unpacker.timeout=%u\nqfile-unpacker.on-conflict=%s\n"
		"qfile-unpacker.allow-all-names=%s\nqfile-unpacker.allow-unsafe-symlinks=%s\n"
		"qopen-in-vm.max-bytes=%" PRIu64 "\nvm-file-editor.max-bytes=%" PRIu64,
		settings->unpacker.timeout, settings->unpacker.rename ? "rename" : "fail",
		settings->unpacker.all_names ? "yes" : "no",
		settings->unpacker.unsafe_links ? "yes" : "no", settings->opener_max_bytes,
		settings->editor_max_bytes);
	fclose(file);
	exact = fuzz_exact_copy(text, length);
	settings_default(&again);
	CHECK(settings_parse(exact, length, &again, &line, &why) == 0);
	CHECK(same(settings, &again));
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
	struct settings settings;
	char *exact = fuzz_exact_copy(data, size), *text = strndup((const char *)data, size);
	const char *why = NULL;
	unsigned line = 0;
	int r;

	settings_default(&settings);
	r = settings_parse(exact, size, &settings, &line, &why);
	CHECK(r == 0 || r == -EINVAL);
	if (r == 0) {
		CHECK(!memchr(data, '\0', size));
		check_names(&settings);
		check_form(text);
		check_again(&settings);
	} else {
		CHECK(why && *why && line >= 1 && line <= count_lines(data, size));
	}
	free(text);
	free(exact);
	return 0;
}
