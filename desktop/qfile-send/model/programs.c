/*
 * Where the programs are that do the work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "programs.h"

#include "cli/call.h"

#include <stdlib.h>
#include <string.h>

/* The directory of this program, to be freed by the caller; NULL if it cannot be seen. */
static char *own_directory(void)
{
	char *self = g_file_read_link("/proc/self/exe", NULL),
	     *directory = self ? g_path_get_dirname(self) : NULL;

	g_free(self);
	return directory;
}

char *programs_find(const char *name)
{
	char *directory = own_directory(),
	     *path = directory ? g_build_filename(directory, name, NULL) : NULL;

	g_free(directory);
	if (path && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
		return path;
	g_free(path);
	return g_strdup(name);
}

char *programs_locale(void)
{
	char *directory = own_directory(),
	     *path = g_build_filename(directory ? directory : "/usr/bin", "..", "share", "locale",
				      NULL);

	g_free(directory);
	return path;
}

char *programs_client(gboolean *asks)
{
	const char *preferred = getenv("PEDOS_RPC_CLIENT");
	char found[4096], *base;

	if (preferred && *preferred)
		g_strlcpy(found, preferred, sizeof(found));
	else if (call_find_client(getenv("PATH"), found) < 0)
		return NULL;
	base = g_path_get_basename(found);
	*asks = strcmp(base, "qrexec-client-vm") == 0;
	g_free(base);
	return g_strdup(found);
}
