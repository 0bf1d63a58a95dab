/*
 * Notices of the desktop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "notice.h"

#include "message.h"

/* Milliseconds for who shows notices to be started, and to take one. */
#define PATIENCE 5000

struct notice {
	GtkApplication *app;
	char *title, *sentence;
};

static void end(struct notice *notice)
{
	g_application_release(G_APPLICATION(notice->app));
	g_free(notice->title);
	g_free(notice->sentence);
	g_free(notice);
}

static void show_window(struct notice *notice)
{
	const struct message message = {
		.title = notice->title, .icon = "emblem-default", .sentence = notice->sentence};

	message_show(notice->app, &message, NULL, NULL);
}

static void was_taken(GObject *bus, GAsyncResult *result, gpointer data)
{
	struct notice *notice = data;
	GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);

	if (answer)
		g_variant_unref(answer);
	else
		show_window(notice);
	end(notice);
}

void notice_show(GtkApplication *app, const char *title, const char *sentence)
{
	struct notice *notice = g_new(struct notice, 1);
	GDBusConnection *bus = g_application_get_dbus_connection(G_APPLICATION(app));
	GVariantBuilder hints;

	*notice = (struct notice){
		.app = app, .title = g_strdup(title), .sentence = g_strdup(sentence)};
	g_application_hold(G_APPLICATION(app));
	if (!bus) {
		show_window(notice);
		end(notice);
		return;
	}
	g_variant_builder_init(&hints, G_VARIANT_TYPE_VARDICT);
	/*
	 * The sentence, which has names in it, is the summary: that is never markup. A body may be.
	 */
	g_dbus_connection_call(
		bus, "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
		"org.freedesktop.Notifications", "Notify",
		g_variant_new("(susssasa{sv}i)", title, 0, "document-send", sentence, "", NULL,
			      &hints, -1),
		G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, PATIENCE, NULL, was_taken, notice);
}
