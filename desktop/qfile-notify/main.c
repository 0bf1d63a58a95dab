/*
 * qfile-notify: shows a notice when files have arrived from another virtual machine, or were
 * refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/load.h"
#include "options.h"
#include "subject.h"

#include <err.h>
#include <glib-unix.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Whoever has this name on the bus is the one of this session. */
#define BUS_NAME "org.qfilecopy.Notify"

static GDBusConnection *bus;
static GMainLoop *loop;
static struct settings settings;

static gboolean on_refusal(int fd, GIOCondition condition, void *data)
{
	struct refusal refusal;
	int r;

	(void)condition, (void)data;
	while ((r = refusal_take(fd, &refusal)) > 0)
		subjects_refused(&refusal);
	if (r < 0)
		errx(EXIT_FAILURE, "reading what receivers report: %s", strerror(-r));
	return G_SOURCE_CONTINUE;
}

static void begin(GDBusConnection *connection, const char *name, void *data)
{
	int r, fd;

	(void)name, (void)data;
	subjects_begin(connection);
	r = incoming_watch(g_get_home_dir(), settings.incoming, &subjects_events);
	if (r < 0)
		errx(EXIT_FAILURE, "watching %s/%s: %s", g_get_home_dir(), settings.incoming,
		     strerror(-r));
	fd = refusal_open();
	if (fd >= 0)
		g_unix_fd_add(fd, G_IO_IN, on_refusal, NULL);
	else
		warnx("refused deliveries are not shown: making a socket in the directory of the "
		      "session (XDG_RUNTIME_DIR): %s",
		      strerror(-fd));
}

static void lost(GDBusConnection *connection, const char *name, void *data)
{
	(void)name, (void)data;
	if (!connection)
		errx(EXIT_FAILURE, "the message bus of the session has gone");
	errx(EXIT_FAILURE, "there is a qfile-notify in this session already");
}

static gboolean stop(void *data)
{
	(void)data;
	g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

/* Translations are in ../share/locale of where this program is. */
static void find_translations(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL);
	char *directory = g_path_get_dirname(program ? program : "/usr/bin/qfile-notify");
	char *locale = g_build_filename(directory, "..", "share", "locale", NULL);

	bindtextdomain("qfile-notify", locale);
	bind_textdomain_codeset("qfile-notify", "UTF-8");
	textdomain("qfile-notify");
	g_free(locale);
	g_free(directory);
	g_free(program);
}

int main(int argc, char **argv)
{
	char failure[SETTINGS_FAILURE_SIZE];
	GError *error = NULL;
	int settled = settings_load(&settings, failure);
	int status = options_parse(&settings, argc, argv);

	if (status >= 0)
		return status;
	if (settled < 0)
		errx(EXIT_FAILURE, "%s", failure);
	setlocale(LC_ALL, "");
	find_translations();
	bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!bus)
		errx(EXIT_FAILURE, "there is no session of a desktop here: %s", error->message);
	g_dbus_connection_set_exit_on_close(bus, FALSE);
	loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGINT, stop, NULL);
	g_unix_signal_add(SIGTERM, stop, NULL);
	g_unix_signal_add(SIGHUP, stop, NULL);
	g_bus_own_name_on_connection(bus, BUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, begin,
				     lost, NULL, NULL);
	g_main_loop_run(loop);
	return 0;
}
