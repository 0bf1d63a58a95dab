/*
 * qfile-send: send files to another virtual machine, or open them there, with windows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/usage.h"
#include "defaults.h"
#include "model/options.h"
#include "model/programs.h"
#include "prompt.h"
#include "task.h"

#include <err.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

/* One process has all windows of a desktop; others hand it their command lines. */
#define APPLICATION "PedOS.QfileSend"

/* To find the one that has the windows. It may end just then, and so may the next one. */
#define TRIES 10

static GSList *tasks;
/* Of this process, if it has the windows. */
static GApplicationCommandLine *own;

static void task_ended(struct task *task, gpointer data)
{
	(void)data;
	tasks = g_slist_remove(tasks, task);
}

static int take_command_line(GApplication *app, GApplicationCommandLine *line, gpointer data)
{
	struct options options;
	int argc, status;
	char **argv = g_application_command_line_get_arguments(line, &argc);

	(void)data;
	if (!g_application_command_line_get_is_remote(line))
		own = g_object_ref(line);
	status = options_parse(&options, argc, argv);
	if (status < 0) {
		GSList *at = tasks;

		while (at && !task_join(at->data, &options, line))
			at = at->next;
		if (!at)
			tasks = g_slist_prepend(tasks, task_new(GTK_APPLICATION(app), &options,
								line, task_ended, NULL));
		status = 0; /* the task will say it */
	}
	g_strfreev(argv);
	return status;
}

static gboolean are_absolute(const struct options *options)
{
	for (int i = 0; i < options->count; i++) {
		if (*options->files[i] != '/')
			return FALSE;
	}
	return TRUE;
}

/* Has the one that had the windows just ended, so that it answers nothing any more? */
static gboolean is_gone(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

/* Files may be on their way when the bus ends, and the windows need only the screen. */
static void outlive_bus(GApplication *app)
{
	GDBusConnection *bus = g_application_get_dbus_connection(app);

	if (bus)
		g_dbus_connection_set_exit_on_close(bus, FALSE);
}

/* One that has the windows itself, or knows who has. NULL after a message. */
static GtkApplication *new_application(void)
{
	for (unsigned tries = 1;; tries++) {
		GtkApplication *app =
			gtk_application_new(APPLICATION, G_APPLICATION_HANDLES_COMMAND_LINE);
		GError *error = NULL;

		g_signal_connect(app, "command-line", G_CALLBACK(take_command_line), NULL);
		if (g_application_register(G_APPLICATION(app), NULL, &error)) {
			outlive_bus(G_APPLICATION(app));
			return app;
		}
		g_object_unref(app);
		if (tries == TRIES || !is_gone(error)) {
			warnx("the qfile-send that has the windows does not answer: %s",
			      error->message);
			g_error_free(error);
			return NULL;
		}
		g_error_free(error);
	}
}

static int run(const struct options *options)
{
	char *directory = getcwd(NULL, 0), **line;
	GtkApplication *app;
	int status;

	if (!directory && !are_absolute(options)) {
		warn("the path of the working directory cannot be found out: name files by "
		     "absolute paths");
		return EXIT_FAILED;
	}
	app = new_application();
	if (!app) {
		free(directory);
		return EXIT_FAILED;
	}
	line = options_line(options, directory);
	status = g_application_run(G_APPLICATION(app), (int)g_strv_length(line), line);
	/* It was not known yet when the call was taken. */
	if (own)
		status = g_application_command_line_get_exit_status(own);
	g_clear_object(&own);
	g_strfreev(line);
	free(directory);
	g_object_unref(app);
	return status;
}

static gboolean has_screen(void)
{
	const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (display && *display) || (wayland && *wayland);
}

int main(int argc, char **argv)
{
	struct options options;
	char *locale;
	int status = options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	setlocale(LC_ALL, "");
	locale = programs_locale();
	bindtextdomain("qfile-send", locale);
	bind_textdomain_codeset("qfile-send", "UTF-8");
	textdomain("qfile-send");
	g_free(locale);
	/*
	 * Nothing here is drawn with OpenGL. Where no program has looked for it on this screen yet,
	 * that took a third of the time until the window was there.
	 */
	g_setenv("GDK_GL", "disable", FALSE);
	if (options.action == ACTION_PROMPT)
		return prompt_run(&options);
	if (options.change != DEFAULT_KEEP)
		return defaults_change(&options);
	if (!has_screen()) {
		warnx("there is no screen here: use qfile-agent or qopen-in-vm");
		return EXIT_FAILED;
	}
	return run(&options);
}
