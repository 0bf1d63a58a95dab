/*
 * Notices on the desktop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "notice.h"

#include <err.h>
#include <glib/gi18n.h>
#include <string.h>

#define SERVICE   "org.freedesktop.Notifications"
#define PATH      "/org/freedesktop/Notifications"
#define INTERFACE SERVICE

/* Milliseconds between two notices about one subject. */
#define GAP 3000

struct notices {
	GDBusConnection *bus;
	GHashTable *shown; /* id: struct notice */
	char *token;       /* of the last click */
};

static void forget(struct notice *notice)
{
	g_hash_table_remove(notice->server->shown, GUINT_TO_POINTER(notice->id));
	notice->id = 0;
}

/* ---- What the server says ---- */

static void on_closed(struct notices *notices, guint32 id)
{
	struct notice *notice = g_hash_table_lookup(notices->shown, GUINT_TO_POINTER(id));

	if (!notice)
		return;
	forget(notice);
	notice->closed(notice->owner);
}

static void on_chosen(struct notices *notices, guint32 id)
{
	const struct notice *notice = g_hash_table_lookup(notices->shown, GUINT_TO_POINTER(id));

	if (notice && notice->chosen)
		notice->chosen(notice->owner, notices->token);
}

static void on_signal(GDBusConnection *bus, const char *sender, const char *path,
		      const char *interface, const char *name, GVariant *values, void *data)
{
	struct notices *notices = data;
	const char *text;
	guint32 id;

	(void)bus, (void)sender, (void)path, (void)interface;
	if (g_str_equal(name, "NotificationClosed") &&
	    g_variant_is_of_type(values, G_VARIANT_TYPE("(uu)"))) {
		g_variant_get(values, "(uu)", &id, NULL);
		on_closed(notices, id);
	} else if (g_variant_is_of_type(values, G_VARIANT_TYPE("(us)"))) {
		g_variant_get(values, "(u&s)", &id, &text);
		if (g_str_equal(name, "ActivationToken")) {
			g_free(notices->token);
			notices->token = g_strdup(text);
		} else if (g_str_equal(name, "ActionInvoked")) {
			on_chosen(notices, id);
		}
	}
}

/* A server that comes next knows nothing of what the last one has shown. */
static void on_gone(GDBusConnection *bus, const char *name, void *data)
{
	struct notices *notices = data;
	GList *all = g_hash_table_get_values(notices->shown);

	(void)bus, (void)name;
	for (GList *each = all; each; each = each->next)
		on_closed(notices, ((struct notice *)each->data)->id);
	g_list_free(all);
}

struct notices *notices_new(GDBusConnection *bus)
{
	struct notices *notices = g_new0(struct notices, 1);

	*notices = (struct notices){
		.bus = bus, .shown = g_hash_table_new(NULL, NULL), .token = g_strdup("")};
	g_dbus_connection_signal_subscribe(bus, SERVICE, INTERFACE, NULL, PATH, NULL,
					   G_DBUS_SIGNAL_FLAGS_NONE, on_signal, notices, NULL);
	g_bus_watch_name_on_connection(bus, SERVICE, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_gone,
				       notices, NULL);
	return notices;
}

/* ---- What it is told ---- */

static void call(const struct notice *notice, const char *method, GVariant *values,
		 const char *type, GAsyncReadyCallback then)
{
	g_dbus_connection_call(notice->server->bus, SERVICE, PATH, INTERFACE, method, values,
			       G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE, -1, NULL, then,
			       (void *)notice);
}

/* The answer to a call, or NULL after a message, and nothing more happens. */
static GVariant *answer_to(GAsyncResult *result, struct notice *notice)
{
	GError *error = NULL;
	GVariant *answer = g_dbus_connection_call_finish(notice->server->bus, result, &error);

	if (!answer) {
		warnx("the desktop does not show notices: %s", error->message);
		g_error_free(error);
		notice->asked = false;
	}
	return answer;
}

static void when_shown(GObject *bus, GAsyncResult *result, void *data)
{
	struct notice *notice = data;
	GVariant *answer = answer_to(result, notice);

	(void)bus;
	if (!answer)
		return;
	notice->asked = false;
	if (notice->id)
		forget(notice);
	g_variant_get(answer, "(u)", &notice->id);
	g_hash_table_insert(notice->server->shown, GUINT_TO_POINTER(notice->id), notice);
	g_variant_unref(answer);
}

static GVariant *actions_of(const struct notice *notice, const char *const *able)
{
	/*
	 * "default" is a click on the notice itself. It has no words: those of Xfce and LXQt show
	 * whatever has words as a button, and there would be two of them.
	 */
	const char *const all[] = {"default", "", "show", _("Show in folder")};
	const bool some = notice->chosen && g_strv_contains(able, "actions");

	return g_variant_new_strv(all, some ? G_N_ELEMENTS(all) : 0);
}

static GVariant *hints(void)
{
	GVariantBuilder hints;

	g_variant_builder_init(&hints, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&hints, "{sv}", "category", g_variant_new_string("transfer"));
	return g_variant_builder_end(&hints);
}

static void show(struct notice *notice, const struct words *words, const char *const *able)
{
	/* Only where the server reads markup: elsewhere, the escapes would be shown. */
	char *body = g_strv_contains(able, "body-markup") ? g_markup_escape_text(words->body, -1)
							  : g_strdup(words->body);

	call(notice, "Notify",
	     g_variant_new("(susss@as@a{sv}i)", "qfilecopy", notice->id, "folder-download",
			   words->summary, body, actions_of(notice, able), hints(), -1),
	     "(u)", when_shown);
	g_free(body);
}

static void when_able(GObject *bus, GAsyncResult *result, void *data)
{
	struct notice *notice = data;
	GVariant *answer = answer_to(result, notice);
	struct words words;
	const char **able;

	(void)bus;
	if (!answer)
		return;
	notice->asked = false;
	if (notice->describe(notice->owner, &words)) {
		notice->asked = true;
		notice->last = g_get_monotonic_time();
		g_variant_get(answer, "(^a&s)", &able);
		show(notice, &words, able);
		g_free(able);
		g_free(words.summary);
		g_free(words.body);
	}
	g_variant_unref(answer);
}

static gboolean on_time(void *data)
{
	struct notice *notice = data;

	notice->timer = 0;
	if (notice->asked) {
		notice_soon(notice, GAP);
	} else {
		notice->asked = true;
		call(notice, "GetCapabilities", NULL, "(as)", when_able);
	}
	return G_SOURCE_REMOVE;
}

void notice_soon(struct notice *notice, unsigned milliseconds)
{
	const gint64 now = g_get_monotonic_time() / 1000, next = notice->last / 1000 + GAP;

	if (notice->timer)
		g_source_remove(notice->timer);
	if (notice->last && next > now + milliseconds)
		milliseconds = (unsigned)(next - now);
	notice->timer = g_timeout_add(milliseconds, on_time, notice);
}

bool notice_waits(const struct notice *notice)
{
	return notice->timer != 0;
}
