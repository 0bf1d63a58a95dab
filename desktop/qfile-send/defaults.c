/*
 * Being the user's default application for some types of files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "defaults.h"

#include "cli/usage.h"
#include "kind.h"
#include "model/filled.h"
#include "model/mimeapps.h"
#include "model/shown.h"
#include "model/words.h"

#include <err.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The first line of an entry that was written here. */
#define MARK "# Written by qfile-send --set-default.\n"

struct list {
	char *path; /* of the user's mimeapps.list; of what a link there leads to */
	char *text; /* "": there is no such file */
	mode_t mode;
};

static char *entries_directory(void)
{
	return g_build_filename(g_get_user_data_dir(), "applications", NULL);
}

static gboolean list_read(struct list *list)
{
	char *path = g_build_filename(g_get_user_config_dir(), "mimeapps.list", NULL),
	     *real = realpath(path, NULL);
	GError *error = NULL;
	gboolean whole = TRUE;
	const gboolean astray = !real && g_file_test(path, G_FILE_TEST_IS_SYMLINK);
	gsize length = 0;
	GStatBuf status = {.st_mode = 0};

	*list = (struct list){.path = g_strdup(real ? real : path), .mode = 0600};
	g_free(path);
	free(real);
	if (astray) {
		warnx("%s is a link that leads nowhere, so it was left as it is: correct or remove "
		      "it",
		      list->path);
		whole = FALSE;
	} else if (g_stat(list->path, &status) == 0 && !S_ISREG(status.st_mode)) {
		/* Reading a named pipe would wait for somebody who writes. */
		warnx("%s is no file, so it was left as it is", list->path);
		whole = FALSE;
	} else if (g_file_get_contents(list->path, &list->text, &length, &error)) {
		list->mode = status.st_mode & 0777;
		whole = strlen(list->text) == length;
		if (!whole)
			warnx("%s is not a text, so it was left as it is", list->path);
	} else if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		list->text = g_strdup("");
	} else {
		warnx("the list of default applications cannot be read: %s", error->message);
		whole = FALSE;
	}
	g_clear_error(&error);
	return whole;
}

static gboolean write_file(const char *path, const char *text, mode_t mode)
{
	char *directory = g_path_get_dirname(path);
	GError *error = NULL;
	gboolean done = FALSE;

	if (g_mkdir_with_parents(directory, 0700) < 0)
		warn("%s cannot be made", directory);
	else if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT,
					   (int)mode, &error))
		warnx("%s", error->message);
	else if (g_chmod(path, mode) < 0)
		warn("the mode of %s cannot be set", path);
	else
		done = TRUE;
	g_clear_error(&error);
	g_free(directory);
	return done;
}

/* Write the list. One with nothing in it is no file. */
static gboolean list_write(const struct list *list, const char *text)
{
	if (*text)
		return write_file(list->path, text, list->mode);
	if (g_remove(list->path) == 0 || errno == ENOENT)
		return TRUE;
	warn("%s cannot be removed", list->path);
	return FALSE;
}

static gboolean is_written_here(const char *path)
{
	char *text = NULL;
	const gboolean is =
		g_file_get_contents(path, &text, NULL, NULL) && g_str_has_prefix(text, MARK);

	g_free(text);
	return is;
}

/* Is this entry installed, for all users or, by somebody else, for this one? */
static gboolean is_installed(const char *id, const char *own)
{
	const char *const *directories = g_get_system_data_dirs();
	gboolean found = g_file_test(own, G_FILE_TEST_EXISTS) && !is_written_here(own);

	for (; *directories && !found; directories++) {
		char *path = g_build_filename(*directories, "applications", id, NULL);

		found = g_file_test(path, G_FILE_TEST_EXISTS);
		g_free(path);
	}
	return found;
}

static char *entry_name(const struct options *options)
{
	char *vm;

	if (!options->to)
		return g_strdup(words_title(options->action));
	vm = *options->to == '@' ? shown_vm(options->to, kind_is_sandbox()) : g_strdup(options->to);
	return filled_freeing(options->action == ACTION_VIEW ? _("View in $2") : _("Open in $2"),
			      NULL, vm);
}

/* The names of VMs have no character that means something in a command line there. */
static char *entry_text(const struct options *options)
{
	char *name = entry_name(options), *text;

	text = g_strdup_printf(MARK "[Desktop Entry]\n"
				    "Type=Application\n"
				    "Name=%s\n"
				    "Exec=qfile-send %s%s%s -- %%F\n"
				    "TryExec=qfile-send\n"
				    "Icon=folder-remote\n"
				    "NoDisplay=true\n",
			       name, options->action == ACTION_VIEW ? "--view" : "--open",
			       options->to ? " --to=" : "", options->to ? options->to : "");
	g_free(name);
	return text;
}

static gboolean entry_write(const struct options *options, const char *id)
{
	char *directory = entries_directory(), *path = g_build_filename(directory, id, NULL),
	     *text = entry_text(options);
	const gboolean done = is_installed(id, path) || write_file(path, text, 0644);

	g_free(text);
	g_free(path);
	g_free(directory);
	return done;
}

/* Remove the entries that were written here, and that the list does not name any more. */
static void sweep(const char *list)
{
	char *path = entries_directory();
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *id;

	while (directory && (id = g_dir_read_name(directory))) {
		char *entry = g_build_filename(path, id, NULL);

		if (mimeapps_is_ours(id) && !strstr(list, id) && is_written_here(entry))
			g_remove(entry);
		g_free(entry);
	}
	if (directory)
		g_dir_close(directory);
	g_free(path);
}

static gboolean is_known(const char *type)
{
	GList *types = g_content_types_get_registered();
	const gboolean found = g_list_find_custom(types, type, (GCompareFunc)strcmp) != NULL;

	g_list_free_full(types, g_free);
	return found;
}

/* Returns whether all could be set. */
static gboolean can_set(const struct options *options)
{
	char *program = g_find_program_in_path("qfile-send");

	g_free(program);
	if (!program) {
		warnx("qfile-send is not in PATH, where a desktop would look for it");
		return FALSE;
	}
	for (int i = 0; i < options->count; i++) {
		if (!is_known(options->types[i])) {
			warnx("%s is not a type that is known here: xdg-mime query filetype FILE "
			      "says which one a file has",
			      options->types[i]);
			return FALSE;
		}
	}
	return TRUE;
}

/* The list as it shall be, to be freed by the caller; NULL: it cannot be, which has been said. */
static char *edited(const struct options *options, const char *list, const char *id)
{
	char *text = g_strdup(list);

	for (int i = 0; i < options->count; i++) {
		char *before = text, *next = id ? mimeapps_set(text, options->types[i], id)
						: mimeapps_unset(text, options->types[i]);

		g_free(before);
		if (!next) {
			warnx("qfile-send was not set for %s, so nothing was changed",
			      options->types[i]);
			return NULL;
		}
		text = next;
	}
	return text;
}

/* Does the desktop see what was done? Other lists, of one desktop only, come before the user's. */
static gboolean is_seen(const struct options *options, const char *id)
{
	for (int i = 0; i < options->count; i++) {
		GAppInfo *app = g_app_info_get_default_for_type(options->types[i], FALSE);
		const char *now = app ? g_app_info_get_id(app) : NULL;
		const gboolean seen = id ? g_strcmp0(now, id) == 0 : !now || !mimeapps_is_ours(now);

		g_clear_object(&app);
		if (!seen) {
			warnx("another list of default applications decides about %s, so nothing "
			      "was changed: see mimeapps.list in the manual page",
			      options->types[i]);
			return FALSE;
		}
	}
	return TRUE;
}

int defaults_change(const struct options *options)
{
	const gboolean sets = options->change == DEFAULT_SET;
	char *id = sets ? mimeapps_id(options->action, options->to) : NULL, *text = NULL;
	gboolean done = FALSE;
	struct list list;

	if (list_read(&list) && (!sets || can_set(options)))
		text = edited(options, list.text, id);
	if (text) {
		done = (!sets || entry_write(options, id)) && list_write(&list, text);
		if (done && !is_seen(options, id)) {
			list_write(&list, list.text);
			done = FALSE;
		}
		sweep(done ? text : list.text);
	}
	g_free(text);
	g_free(id);
	g_free(list.text);
	g_free(list.path);
	return done ? 0 : EXIT_FAILED;
}
