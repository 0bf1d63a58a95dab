/*
 * The entries in the menus of Nautilus, Nemo and Caja. Their interfaces differ in little more than
 * the names: this file is compiled once for each, with MENU_NAUTILUS, MENU_NEMO or MENU_CAJA.
 *
 * The room desktop/menus: what puts qfile-send into the menus of file managers. It runs in their
 * processes, so it does nothing there but start qfile-send, waits for nothing, and uses no code of
 * ours.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <dlfcn.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <stdbool.h>
#include <string.h>

#if defined MENU_NAUTILUS
#include <nautilus-extension.h>
#define TYPE(name)     Nautilus##name
#define FUNCTION(name) nautilus_##name
#define PROVIDER       NAUTILUS_TYPE_MENU_PROVIDER
#define INTERFACE      NautilusMenuProviderInterface
#define WINDOW
#elif defined MENU_NEMO
#include <libnemo-extension/nemo-menu-provider.h>
#define TYPE(name)     Nemo##name
#define FUNCTION(name) nemo_##name
#define PROVIDER       NEMO_TYPE_MENU_PROVIDER
#define INTERFACE      NemoMenuProviderInterface
#define WINDOW         GtkWidget *window,
#elif defined MENU_CAJA
#include <libcaja-extension/caja-menu-provider.h>
#define TYPE(name)     Caja##name
#define FUNCTION(name) caja_##name
#define PROVIDER       CAJA_TYPE_MENU_PROVIDER
#define INTERFACE      CajaMenuProviderIface
#define WINDOW         GtkWidget *window,
#endif

static const struct entry {
	const char *option, *label, *tip;
	bool files_only;
} entries[] = {
	{"--copy", N_("Copy to another VM..."), N_("Send a copy to another virtual machine"),
	 false},
	{"--move", N_("Move to another VM..."),
	 N_("Send it to another virtual machine, and remove it here"), false},
	{"--open", N_("Open in another VM..."),
	 N_("Open it in another virtual machine, and take what is saved there"), true},
	{"--view", N_("View in a disposable VM"),
	 N_("Look at it in a virtual machine that is thrown away afterwards"), true},
};

/* ---- Starting qfile-send ---- */

/*
 * What the toolkit of this process gives to programs that it starts, so that their windows get the
 * keys. Nautilus has GTK 4 and the others GTK 3, so the functions, which have the same names in
 * both, are looked up in the process.
 */
static GAppLaunchContext *new_context(void)
{
	void *(*display)(void);
	GAppLaunchContext *(*context)(void *);

	*(void **)&display = dlsym(RTLD_DEFAULT, "gdk_display_get_default");
	*(void **)&context = dlsym(RTLD_DEFAULT, "gdk_display_get_app_launch_context");
	return display && context && display() ? context(display()) : g_app_launch_context_new();
}

/* The environment of qfile-send. */
static char **new_environment(void)
{
	GAppLaunchContext *context = new_context();
	GAppInfo *program = g_app_info_create_from_commandline(
		"qfile-send", NULL, G_APP_INFO_CREATE_SUPPORTS_STARTUP_NOTIFICATION, NULL);
	char **environment = g_app_launch_context_get_environment(context);
	char *token =
		program ? g_app_launch_context_get_startup_notify_id(context, program, NULL) : NULL;

	if (token) {
		environment = g_environ_setenv(environment, "DESKTOP_STARTUP_ID", token, TRUE);
		environment = g_environ_setenv(environment, "XDG_ACTIVATION_TOKEN", token, TRUE);
	}
	g_free(token);
	g_clear_object(&program);
	g_object_unref(context);
	return environment;
}

/* Say in a notice that it could not be started. */
static void tell(const GError *error)
{
	GApplication *manager = g_application_get_default();
	GDBusConnection *bus = manager ? g_application_get_dbus_connection(manager) : NULL;
	char *body =
		g_markup_escape_text(g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_TOO_BIG)
					     ? _("Too many files are selected. Take the folder "
						 "that they are in.")
					     : error->message,
				     -1);

	if (bus)
		g_dbus_connection_call(
			bus, "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
			"org.freedesktop.Notifications", "Notify",
			g_variant_new("(susssasa{sv}i)", "qfilecopy", 0, "dialog-error",
				      _("qfile-send could not be started"), body, NULL, NULL, -1),
			NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	g_warning("qfile-send could not be started: %s", error->message);
	g_free(body);
}

static void start(const struct entry *entry, GPtrArray *paths)
{
	GPtrArray *words = g_ptr_array_new();
	char **environment = new_environment();
	GError *error = NULL;

	g_ptr_array_add(words, (char *)"qfile-send");
	g_ptr_array_add(words, (char *)entry->option);
	g_ptr_array_add(words, (char *)"--");
	for (unsigned i = 0; i < paths->len; i++)
		g_ptr_array_add(words, paths->pdata[i]);
	g_ptr_array_add(words, NULL);
	if (!g_spawn_async(g_get_home_dir(), (char **)words->pdata, environment,
			   G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &error)) {
		tell(error);
		g_error_free(error);
	}
	g_strfreev(environment);
	g_ptr_array_free(words, TRUE);
}

/* ---- The entries ---- */

/* The path of a local file, or NULL. Of what only leads to a file, such as a recent one, of that.
 */
static char *path_of(TYPE(FileInfo) * info)
{
	GFile *file = FUNCTION(file_info_get_location)(info);
	char *uri, *path;

	if (!g_file_is_native(file)) {
		g_object_unref(file);
		uri = FUNCTION(file_info_get_activation_uri)(info);
		file = g_file_new_for_uri(uri ? uri : "");
		g_free(uri);
	}
	path = g_file_is_native(file) ? g_file_get_path(file) : NULL;
	g_object_unref(file);
	return path;
}

/* All paths, or NULL if not all of them are local. */
static GPtrArray *paths_of(GList *files)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

	for (GList *each = files; each; each = each->next) {
		char *path = path_of(each->data);

		if (!path) {
			g_ptr_array_unref(paths);
			return NULL;
		}
		g_ptr_array_add(paths, path);
	}
	return paths;
}

static void on_activate(TYPE(MenuItem) * item, void *data)
{
	start(data, g_object_get_data(G_OBJECT(item), "qfilecopy-paths"));
}

static GList *get_file_items(TYPE(MenuProvider) * provider, WINDOW GList *files)
{
	GPtrArray *paths = files ? paths_of(files) : NULL;
	bool folders = false;
	GList *items = NULL;

	(void)provider;
#ifndef MENU_NAUTILUS
	(void)window;
#endif
	if (!paths)
		return NULL;
	for (GList *each = files; each && !folders; each = each->next)
		folders = FUNCTION(file_info_is_directory)(each->data);
	for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
		char name[32];
		TYPE(MenuItem) * item;

		if (entries[i].files_only && folders)
			continue;
		g_snprintf(name, sizeof(name), "qfilecopy%s", entries[i].option);
		item = FUNCTION(menu_item_new)(name, _(entries[i].label), _(entries[i].tip), NULL);
		g_object_set_data_full(G_OBJECT(item), "qfilecopy-paths", g_ptr_array_ref(paths),
				       (GDestroyNotify)g_ptr_array_unref);
		g_signal_connect(item, "activate", G_CALLBACK(on_activate), (void *)&entries[i]);
		items = g_list_append(items, item);
	}
	g_ptr_array_unref(paths);
	return items;
}

/* ---- The module ---- */

typedef struct {
	GObject parent;
} QfileMenu;

typedef struct {
	GObjectClass parent;
} QfileMenuClass;

static void provide(INTERFACE *interface)
{
	interface->get_file_items = get_file_items;
}

static GType qfile_menu_get_type(void);
G_DEFINE_DYNAMIC_TYPE_EXTENDED(QfileMenu, qfile_menu, G_TYPE_OBJECT, 0,
			       G_IMPLEMENT_INTERFACE_DYNAMIC(PROVIDER, provide))

static void qfile_menu_init(QfileMenu *menu)
{
	(void)menu;
}

static void qfile_menu_class_init(QfileMenuClass *class)
{
	(void)class;
}

static void qfile_menu_class_finalize(QfileMenuClass *class)
{
	(void)class;
}

void FUNCTION(module_initialize)(GTypeModule *module);
void FUNCTION(module_shutdown)(void);
void FUNCTION(module_list_types)(const GType **types, int *count);

/* Translations are in ../share/locale of where the programs are. */
static void find_translations(void)
{
	char *program = g_find_program_in_path("qfile-send");
	char *directory = g_path_get_dirname(program ? program : "/usr/bin/qfile-send");
	char *locale = g_build_filename(directory, "..", "share", "locale", NULL);

	bindtextdomain(GETTEXT_PACKAGE, locale);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	g_free(locale);
	g_free(directory);
	g_free(program);
}

void FUNCTION(module_initialize)(GTypeModule *module)
{
	find_translations();
	qfile_menu_register_type(module);
}

void FUNCTION(module_shutdown)(void)
{
}

void FUNCTION(module_list_types)(const GType **types, int *count)
{
	static GType type;

	type = qfile_menu_get_type();
	*types = &type;
	*count = 1;
}
