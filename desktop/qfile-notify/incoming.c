/*
 * Watching the directory that deliveries arrive in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "incoming.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <qfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a directory that has just appeared, so many entries are looked at, and staging directories. */
#define SCANNED  4096
#define STAGINGS 1024

/* No links: a receiver delivers into none. */
#define DIRECTORY (IN_ONLYDIR | IN_DONT_FOLLOW | IN_DELETE_SELF | IN_MOVE_SELF)

static struct {
	int fd;
	char *home, *name, *top;
	int home_wd, top_wd; /* -1: not watched */
	struct source *sources[INCOMING_SOURCES];
	unsigned count;
	bool full; /* that was said */
	const struct incoming_events *events;
} incoming = {.fd = -1, .home_wd = -1, .top_wd = -1};

static bool is_staging(const char *name)
{
	return g_str_has_prefix(name, QFILE_STAGING_PREFIX);
}

char *incoming_path(const struct source *source)
{
	return g_build_filename(incoming.top, source->name, NULL);
}

/* ---- Sources ---- */

static struct source *find_by_name(const char *name)
{
	for (unsigned i = 0; i < incoming.count; i++) {
		if (g_str_equal(incoming.sources[i]->name, name))
			return incoming.sources[i];
	}
	return NULL;
}

static struct source *find_by_wd(int wd)
{
	for (unsigned i = 0; i < incoming.count; i++) {
		if (incoming.sources[i]->wd == wd)
			return incoming.sources[i];
	}
	return NULL;
}

/* One whose place can be taken. */
static struct source *find_unneeded(void)
{
	for (unsigned i = 0; i < incoming.count; i++) {
		struct source *source = incoming.sources[i];

		if (source->wd < 0 && incoming.events->unneeded(source))
			return source;
	}
	return NULL;
}

static struct source *find_free(void)
{
	struct source *source;

	if (incoming.count == INCOMING_SOURCES)
		return find_unneeded();
	source = g_new0(struct source, 1);
	source->wd = -1;
	source->stagings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	incoming.sources[incoming.count++] = source;
	return source;
}

struct source *incoming_source(const char *name)
{
	struct source *source = find_by_name(name);

	if (source)
		return source;
	source = find_free();
	if (!source) {
		if (!incoming.full)
			warnx("more than %d VMs: no notices of the others", INCOMING_SOURCES);
		incoming.full = true;
		return NULL;
	}
	g_strlcpy(source->name, name, sizeof(source->name));
	incoming.events->added(source);
	return source;
}

static void forget_seen(struct source *source)
{
	if (source->seen)
		g_hash_table_unref(source->seen);
	source->seen = NULL;
}

static void add_staging(struct source *source, const char *name)
{
	if (g_hash_table_size(source->stagings) < STAGINGS)
		g_hash_table_add(source->stagings, g_strdup(name));
}

static void arrived(struct source *source, const char *name, bool folder)
{
	incoming.events->arrived(source, name, folder);
	if (g_hash_table_size(source->stagings) == 0)
		incoming.events->settled(source);
}

static bool is_folder(DIR *dir, const char *name)
{
	struct stat status;

	return fstatat(dirfd(dir), name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

/*
 * Find the staging directories that are in it. `fresh`: the directory has just been made, so that
 * all that is in it has arrived; events about it may still come.
 */
static void look_into(struct source *source, const char *path, bool fresh)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	if (!dir)
		return; /* it has gone, or cannot be read: its events will say more */
	if (fresh)
		source->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (is_staging(name)) {
			add_staging(source, name);
		} else if (fresh && !g_str_equal(name, ".") && !g_str_equal(name, "..")) {
			if (++count > SCANNED)
				break;
			g_hash_table_add(source->seen, g_strdup(name));
			arrived(source, name, is_folder(dir, name));
		}
	}
	if (count > SCANNED)
		incoming.events->overflowed(source);
	closedir(dir);
}

static void watch_source(const char *name, bool fresh)
{
	struct source *source = vm_name_ok(name) ? incoming_source(name) : NULL;
	char *path;

	if (!source || source->wd >= 0)
		return;
	path = incoming_path(source);
	source->wd =
		inotify_add_watch(incoming.fd, path,
				  DIRECTORY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_EXCL_UNLINK);
	if (source->wd >= 0)
		look_into(source, path, fresh);
	else if (errno == ENOSPC || errno == ENOMEM)
		warn("no notices of what comes from %s: fs.inotify.max_user_watches may be too "
		     "low",
		     source->name);
	g_free(path);
}

/* ---- The directory of all, and that one's ---- */

static void watch_sources(bool fresh)
{
	DIR *dir = opendir(incoming.top);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (is_folder(dir, entry->d_name))
			watch_source(entry->d_name, fresh);
	}
	closedir(dir);
}

/* Returns 0, or a negative errno if it cannot be watched; -ENOENT if it is not there. */
static int watch_top(bool fresh)
{
	incoming.top_wd =
		inotify_add_watch(incoming.fd, incoming.top, DIRECTORY | IN_CREATE | IN_MOVED_TO);
	if (incoming.top_wd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -ENOENT : -errno;
	if (incoming.home_wd >= 0)
		inotify_rm_watch(incoming.fd, incoming.home_wd);
	incoming.home_wd = -1;
	watch_sources(fresh);
	return 0;
}

/* As long as it is not there, its own directory is watched. */
static int watch_top_or_home(bool fresh)
{
	int r = watch_top(fresh);

	if (r != -ENOENT || incoming.home_wd >= 0)
		return r == -ENOENT ? 0 : r;
	incoming.home_wd =
		inotify_add_watch(incoming.fd, incoming.home, IN_ONLYDIR | IN_CREATE | IN_MOVED_TO);
	if (incoming.home_wd < 0)
		return -errno;
	r = watch_top(true); /* it may have come in between */
	return r == -ENOENT ? 0 : r;
}

static void unwatch(struct source *source)
{
	if (source->wd >= 0)
		inotify_rm_watch(incoming.fd, source->wd);
	source->wd = -1;
	g_hash_table_remove_all(source->stagings);
	forget_seen(source);
}

static void lose_top(void)
{
	inotify_rm_watch(incoming.fd, incoming.top_wd);
	incoming.top_wd = -1;
	for (unsigned i = 0; i < incoming.count; i++)
		unwatch(incoming.sources[i]);
}

static void need(int r)
{
	if (r == -ENOSPC)
		errx(EXIT_FAILURE, "%s cannot be watched: fs.inotify.max_user_watches is too low",
		     incoming.top);
	if (r < 0)
		errx(EXIT_FAILURE, "watching %s: %s", incoming.top, strerror(-r));
}

/* ---- Events ---- */

static void on_source(struct source *source, const struct inotify_event *event)
{
	const bool folder = event->mask & IN_ISDIR;
	const char *name = event->name;

	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		unwatch(source);
	} else if (is_staging(name)) {
		if (!(event->mask & IN_DELETE)) {
			add_staging(source, name);
		} else if (g_hash_table_remove(source->stagings, name) &&
			   g_hash_table_size(source->stagings) == 0) {
			forget_seen(source);
			incoming.events->settled(source);
		}
	} else if (source->seen && g_hash_table_remove(source->seen, name)) {
		return; /* it was found before this was read */
	} else if (g_hash_table_size(source->stagings) > 0 &&
		   (event->mask & IN_MOVED_TO || (event->mask & IN_CREATE && !folder))) {
		/* A directory that is made is empty, until the one that arrives takes its place. */
		arrived(source, name, folder);
	}
}

/* The kernel has dropped events. Something may have arrived where something was arriving. */
static void on_overflow(void)
{
	for (unsigned i = 0; i < incoming.count; i++) {
		struct source *source = incoming.sources[i];
		char *path = incoming_path(source);

		if (g_hash_table_size(source->stagings) > 0)
			incoming.events->overflowed(source);
		g_hash_table_remove_all(source->stagings);
		look_into(source, path, false);
		if (g_hash_table_size(source->stagings) == 0)
			incoming.events->settled(source);
		g_free(path);
	}
	watch_sources(true);
}

static void on_event(const struct inotify_event *event)
{
	struct source *source;

	if (event->mask & IN_Q_OVERFLOW) {
		on_overflow();
	} else if (event->wd == incoming.home_wd) {
		if (event->len > 0 && g_str_equal(event->name, incoming.name))
			need(watch_top_or_home(true));
	} else if (event->wd == incoming.top_wd) {
		if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
			lose_top();
			need(watch_top_or_home(true));
		} else if (event->mask & IN_ISDIR) {
			watch_source(event->name, event->mask & IN_CREATE);
		}
	} else if ((source = find_by_wd(event->wd)) && !(event->mask & IN_IGNORED)) {
		on_source(source, event);
	}
}

static gboolean on_readable(int fd, GIOCondition condition, void *data)
{
	_Alignas(struct inotify_event) char buffer[16384];
	ssize_t length = read(fd, buffer, sizeof(buffer));
	const struct inotify_event *event;

	(void)condition, (void)data;
	if (length < 0 && errno != EAGAIN && errno != EINTR)
		err(EXIT_FAILURE, "watching %s", incoming.top);
	for (ssize_t at = 0; at < length; at += (ssize_t)sizeof(*event) + event->len) {
		event = (const struct inotify_event *)(buffer + at);
		on_event(event);
	}
	return G_SOURCE_CONTINUE;
}

int incoming_watch(const char *home, const char *name, const struct incoming_events *events)
{
	incoming.events = events;
	incoming.home = g_strdup(home);
	incoming.name = g_strdup(name);
	incoming.top = g_build_filename(home, name, NULL);
	incoming.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (incoming.fd < 0)
		return -errno;
	g_unix_fd_add(incoming.fd, G_IO_IN, on_readable, NULL);
	return watch_top_or_home(false);
}
