/*
 * Showing what has arrived, in the file manager.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "folder.h"

#include <glib/gi18n.h>

struct showing {
	char *uri; /* of the directory */
	char *token;
	void (*failed)(void *data, const char *sentence);
	void *data;
};

static void end(struct showing *showing)
{
	g_free(showing->uri);
	g_free(showing->token);
	g_free(showing);
}

static void when_opened(GObject *object, GAsyncResult *result, void *data)
{
	struct showing *showing = data;

	(void)object;
	if (!g_app_info_launch_default_for_uri_finish(result, NULL))
		showing->failed(showing->data, _("No program could open the folder."));
	end(showing);
}

static void open_directory(struct showing *showing)
{
	GAppLaunchContext *context = g_app_launch_context_new();

	if (*showing->token) {
		g_app_launch_context_setenv(context, "XDG_ACTIVATION_TOKEN", showing->token);
		g_app_launch_context_setenv(context, "DESKTOP_STARTUP_ID", showing->token);
	}
	g_app_info_launch_default_for_uri_async(showing->uri, context, NULL, when_opened, showing);
	g_object_unref(context);
}

static void when_shown(GObject *bus, GAsyncResult *result, void *data)
{
	GVariant *answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);

	if (!answer) {
		open_directory(data);
		return;
	}
	g_variant_unref(answer);
	end(data);
}

/* The URIs of the first things that arrived; none, if none is known. */
static GVariant *uris_of(const char *directory, const struct arrivals *arrivals)
{
	GVariantBuilder uris;

	g_variant_builder_init(&uris, G_VARIANT_TYPE("as"));
	for (unsigned i = 0; i < arrivals->kept; i++) {
		char *path = g_build_filename(directory, arrivals->first[i].name, NULL);
		char *uri = g_filename_to_uri(path, NULL, NULL);

		g_variant_builder_add(&uris, "s", uri);
		g_free(uri);
		g_free(path);
	}
	return g_variant_builder_end(&uris);
}

void folder_show(GDBusConnection *bus, const char *directory, const struct arrivals *arrivals,
		 const char *token, void (*failed)(void *data, const char *sentence), void *data)
{
	struct showing *showing = g_new(struct showing, 1);
	GVariant *uris = uris_of(directory, arrivals);
	const bool items = arrivals->kept > 0;

	*showing = (struct showing){g_filename_to_uri(directory, NULL, NULL), g_strdup(token),
				    failed, data};
	if (!items) {
		g_variant_unref(g_variant_ref_sink(uris));
		uris = g_variant_new_strv((const char *const *)&showing->uri, 1);
	}
	g_dbus_connection_call(bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
			       "org.freedesktop.FileManager1", items ? "ShowItems" : "ShowFolders",
			       g_variant_new("(@ass)", uris, token), NULL, G_DBUS_CALL_FLAGS_NONE,
			       -1, NULL, when_shown, showing);
}
