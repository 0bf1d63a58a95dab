/*
 * The text of --help, with the names that are set here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/help.h"

#include "cli/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
	const char *usual, *set;
};

/* The name that begins here; NULL: none. */
static const struct name *name_at(const char *text, const struct name names[3])
{
	for (int i = 0; i < 3; i++) {
		if (strncmp(text, names[i].usual, strlen(names[i].usual)) == 0)
			return &names[i];
	}
	return NULL;
}

int settings_help(const char *help, const struct settings *settings)
{
	struct settings usual;
	const struct name names[3] = {{usual.incoming, settings->incoming},
				      {usual.copy_service, settings->copy_service},
				      {usual.open_service, settings->open_service}};
	char *filled;
	size_t size;
	FILE *text = open_memstream(&filled, &size);
	int status;

	settings_default(&usual);
	while (text && *help) {
		const struct name *name = name_at(help, names);

		if (name)
			fputs(name->set, text);
		else
			fputc(*help, text);
		help += name ? strlen(name->usual) : 1;
	}
	if (!text || fclose(text) != 0) {
		perror(NULL);
		return EXIT_FAILED;
	}
	status = usage_help(filled);
	free(filled);
	return status;
}
