/*
 * The VM that was used last, in a file of the user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "recent.h"

#include "cli/calling.h"

#include <glib.h>
#include <glib/gstdio.h>

static char *path_in(const char *directory)
{
	return g_build_filename(directory, "last-vm", NULL);
}

char *recent_directory(void)
{
	return g_build_filename(g_get_user_state_dir(), "qfile-send", NULL);
}

char *recent_load(const char *directory)
{
	char *path = path_in(directory), *vm = NULL;

	if (g_file_get_contents(path, &vm, NULL, NULL) && !calling_target_ok(g_strchomp(vm)))
		g_clear_pointer(&vm, g_free);
	g_free(path);
	return vm;
}

void recent_save(const char *directory, const char *vm)
{
	char *path = path_in(directory), *line = g_strconcat(vm, "\n", NULL);

	if (g_mkdir_with_parents(directory, 0700) == 0)
		g_file_set_contents(path, line, -1, NULL);
	g_free(line);
	g_free(path);
}
