/*
 * A program that does the work, without a window.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "child.h"

#include "model/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The descriptor that it writes objects to. */
#define PROGRESS 3

/* Bytes of stderr that are kept. */
#define SAID_KEPT 16384

/* Milliseconds for what it has written to be read, when it has ended. Others may hold a pipe. */
#define REST 300

struct child {
	struct child_calls calls;
	gpointer data;
	GPid pid;
	GCancellable *cancel;
	struct lines lines;
	struct event last;
	gboolean has_last, has_ended;
	int status;
	GString *said;
	unsigned reading; /* streams that have not ended */
	guint watch, rest, kill;
};

/* One of its streams. */
struct reading {
	struct child *child;
	GInputStream *stream;
	void (*take)(struct child *child, const char *bytes, gsize length);
	char buffer[65536];
};

static void tell_end(struct child *child)
{
	g_clear_handle_id(&child->rest, g_source_remove);
	child->calls.ended(child->has_last ? &child->last : NULL, child->status, child->said->str,
			   child->data);
}

static gboolean rest_is_over(gpointer data)
{
	struct child *child = data;

	child->rest = 0;
	tell_end(child);
	return G_SOURCE_REMOVE;
}

/* When it has ended and both streams have, there is nothing to wait for. */
static void look_for_end(struct child *child)
{
	if (!child->has_ended)
		return;
	if (child->reading == 0)
		tell_end(child);
	else if (!child->rest)
		child->rest = g_timeout_add(REST, rest_is_over, child);
}

static void take_line(const char *line, gsize length, gpointer data)
{
	struct child *child = data;
	struct event event;

	if (child->has_last || !event_parse(line, length, &event))
		return;
	if (event.phase == PHASE_DONE) {
		child->last = event;
		child->has_last = TRUE;
		child->calls.event(&child->last, child->data);
		return;
	}
	child->calls.event(&event, child->data);
	event_clear(&event);
}

static void take_progress(struct child *child, const char *bytes, gsize length)
{
	lines_feed(&child->lines, bytes, length, take_line, child);
}

static void take_said(struct child *child, const char *bytes, gsize length)
{
	g_string_append_len(child->said, bytes, (gssize)length);
	if (child->said->len > SAID_KEPT)
		g_string_erase(child->said, 0, (gssize)(child->said->len - SAID_KEPT));
}

static void read_on(struct reading *reading);

static void was_read(GObject *source, GAsyncResult *result, gpointer data)
{
	struct reading *reading = data;
	GError *error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
	struct child *child = reading->child;
	const gboolean freed = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

	g_clear_error(&error);
	if (n > 0) {
		reading->take(child, reading->buffer, (gsize)n);
		read_on(reading);
		return;
	}
	g_object_unref(reading->stream);
	g_free(reading);
	if (freed)
		return;
	child->reading--;
	look_for_end(child);
}

static void read_on(struct reading *reading)
{
	g_input_stream_read_async(reading->stream, reading->buffer, sizeof(reading->buffer),
				  G_PRIORITY_DEFAULT, reading->child->cancel, was_read, reading);
}

static void begin_reading(struct child *child, int fd,
			  void (*take)(struct child *child, const char *bytes, gsize length))
{
	struct reading *reading = g_new0(struct reading, 1);

	reading->child = child;
	reading->stream = g_unix_input_stream_new(fd, TRUE);
	reading->take = take;
	child->reading++;
	read_on(reading);
}

static void has_ended(GPid pid, gint status, gpointer data)
{
	struct child *child = data;

	child->watch = 0;
	g_spawn_close_pid(pid);
	g_clear_handle_id(&child->kill, g_source_remove);
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	child->has_ended = TRUE;
	look_for_end(child);
}

/* Who it is that starts it, and is followed. */
struct parent {
	gboolean followed;
	pid_t pid;
};

/* In the new process: a process group of its own, so that all of it can be killed. */
static void set_up(gpointer data)
{
	const struct parent *parent = data;

	setpgid(0, 0);
	if (!parent->followed)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent->pid)
		raise(SIGTERM);
}

/* Its command line. The words are those of `argv`, but for the option, which is static. */
static char **words_of(const char *const argv[])
{
	static char option[] = "--progress-fd=3";
	const guint count = g_strv_length((char **)argv);
	char **words = g_new0(char *, count + 2);

	words[0] = (char *)argv[0];
	words[1] = option;
	for (guint i = 1; i < count; i++)
		words[i + 1] = (char *)argv[i];
	return words;
}

struct child *child_start(const char *const argv[], gboolean ends_with_us,
			  const struct child_calls *calls, gpointer data, GError **error)
{
	struct parent parent = {.followed = ends_with_us, .pid = getpid()};
	const int number = PROGRESS;
	char **words = words_of(argv);
	int progress[2], err;
	struct child *child;
	gboolean started;
	GPid pid;

	if (!g_unix_open_pipe(progress, FD_CLOEXEC, error)) {
		g_free(words);
		return NULL;
	}
	started = g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)words, NULL,
						   G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH |
							   G_SPAWN_STDOUT_TO_DEV_NULL,
						   set_up, &parent, -1, -1, -1, &progress[1],
						   &number, 1, &pid, NULL, NULL, &err, error);
	g_free(words);
	close(progress[1]);
	if (!started) {
		close(progress[0]);
		return NULL;
	}
	child = g_new0(struct child, 1);
	child->calls = *calls;
	child->data = data;
	child->pid = pid;
	child->cancel = g_cancellable_new();
	child->said = g_string_new(NULL);
	lines_init(&child->lines);
	begin_reading(child, progress[0], take_progress);
	begin_reading(child, err, take_said);
	child->watch = g_child_watch_add(pid, has_ended, child);
	return child;
}

static gboolean kill_all(gpointer data)
{
	struct child *child = data;

	child->kill = 0;
	kill(-child->pid, SIGKILL);
	return G_SOURCE_REMOVE;
}

void child_stop(struct child *child, unsigned patience)
{
	if (child->has_ended)
		return;
	kill(child->pid, SIGTERM);
	if (!child->kill)
		child->kill = g_timeout_add_seconds(patience, kill_all, child);
}

void child_free(struct child *child)
{
	if (!child)
		return;
	g_cancellable_cancel(child->cancel);
	g_object_unref(child->cancel);
	g_clear_handle_id(&child->watch, g_source_remove);
	g_clear_handle_id(&child->rest, g_source_remove);
	g_clear_handle_id(&child->kill, g_source_remove);
	lines_clear(&child->lines);
	event_clear(&child->last);
	g_string_free(child->said, TRUE);
	g_free(child);
}
