/*
 * The editor's session: receives a request and a file, shows the file, and sends back what is
 * saved.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editor.h"
#include "format/error.h"
#include "format/name.h"
#include "io/space.h"
#include "open/digest.h"
#include "open/editor/editing.h"
#include "open/editor/keeper.h"
#include "open/editor/leftover.h"
#include "open/editwire.h"
#include "system/clock.h"
#include "text/vmname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct editor {
	struct editor_options options;
	/* Reads the request and the content too, until editor_receive() has returned. */
	struct stream_writer stream;
	struct edit_request request;
	struct workdir workdir;
	struct reply reply;
	struct editing editing;
	bool taken; /* what was sent has arrived */
	bool in_vain;
	enum editor_left left;
	int removed; /* what workdir_remove() or leftover_tell() has returned */
};

int editor_new(struct editor **editor, const struct editor_options *options)
{
	struct editor *e;

	if (options->from && !vm_name_ok(options->from))
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->options = *options;
	e->workdir.dir = -1;
	e->reply.stream = &e->stream;
	if (stream_writer_open(&e->stream, options->in, options->out, options->stop) < 0) {
		free(e);
		return -ENOMEM;
	}
	stream_widen_pipe(options->in);
	stream_widen_pipe(options->out);
	*editor = e;
	return 0;
}

static int receive_request(struct editor *editor, struct qfile_error *error)
{
	unsigned char untrusted_bytes[EDIT_REQUEST_SIZE];
	ssize_t n = stream_read_in(&editor->stream, untrusted_bytes, sizeof(untrusted_bytes), -1);
	int r;

	if (n < 0)
		return error_set(error, (int)n, "reading the request", NULL);
	if ((size_t)n < sizeof(untrusted_bytes))
		return error_set(error, -ENODATA, "reading the request", NULL);
	/* Even if the rest is malformed, the mark shows that the opener understands records. */
	editor->reply.records = edit_is_record(untrusted_bytes + EDIT_NAME_SIZE);
	r = edit_request_decode(untrusted_bytes, &editor->request);
	return r < 0 ? error_set(error, r, "reading the request", NULL) : 0;
}

/* Store the content: as much as was announced, or in version 1 everything that comes. */
static int store(struct editor *editor, int fd, struct digest *digest)
{
	struct content *content = &editor->reply.last;
	bool known = editor->request.records;
	uint64_t length = known ? editor->request.length : UINT64_MAX;
	int r = 0;

	if (known && length > editor->options.max_bytes)
		return -EDQUOT;
	if (known)
		r = space_check(fd, length);
	while (r == 0 && content->size < length) {
		uint64_t left = length - content->size;
		size_t want = left < STREAM_BUFFER_SIZE ? (size_t)left : STREAM_BUFFER_SIZE;
		ssize_t n = stream_read_in(&editor->stream, editor->stream.buffer, want, -1);

		if (n < 0)
			return (int)n;
		if ((uint64_t)n > editor->options.max_bytes - content->size)
			return -EDQUOT;
		r = stream_write_full(fd, editor->stream.buffer, (size_t)n);
		digest_add(digest, editor->stream.buffer, (size_t)n);
		content->size += (uint64_t)n;
		if (r == 0 && (size_t)n < want)
			return known ? -ENODATA : 0;
	}
	return r;
}

static int receive_content(struct editor *editor)
{
	int fd = workdir_create(&editor->workdir, editor->request.view_only), r;
	struct digest digest;

	if (fd < 0)
		return fd;
	digest_begin(&digest);
	r = store(editor, fd, &digest);
	editor->reply.last.digest = digest_value(&digest);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	editor->reply.sure = r == 0;
	return r;
}

static int receive(struct editor *editor, struct qfile_error *error)
{
	const struct editor_options *options = &editor->options;
	char name[256];
	int r = receive_request(editor, error);

	if (r < 0)
		return r;
	r = name_safe(editor->request.name, strlen(editor->request.name), name);
	if (r < 0)
		return error_set(error, r, "checking the name", editor->request.name);
	r = workdir_make(&editor->workdir, options->directory, options->from, name);
	if (r < 0) {
		error_set(error, r, EDITOR_MAKING, options->directory);
		if (error && r == -EOPNOTSUPP)
			error->hint = "others could look into it, since everything there has the "
				      "same mode. Choose another directory with TMPDIR";
		return r;
	}
	r = receive_content(editor);
	return r < 0 ? error_set(error, r, "receiving", name) : 0;
}

int editor_receive(struct editor *editor, struct qfile_error *error)
{
	int r = receive(editor, error);

	/* What may still come is ignored: otherwise it would end the sending of the reply. */
	editor->stream.in = -1;
	/*
	 * An end of the stream where nothing has come would read as version 1's word for a file
	 * that was not changed. Whether the opener has gone is noticed later.
	 */
	if (r == 0)
		reply_note(&editor->reply, "");
	return r;
}

const char *editor_path(const struct editor *editor)
{
	return editor->workdir.path;
}

bool editor_view_only(const struct editor *editor)
{
	return editor->request.view_only;
}

bool editor_tells(const struct editor *editor)
{
	return editor->reply.records;
}

unsigned editor_saves(const struct editor *editor)
{
	return editor->reply.saves;
}

/*
 * After the end: has the opener taken what was sent? Where the connection was lost, a pipe that
 * nobody has emptied says no, and so does a save of a moment ago.
 */
static bool is_taken(const struct editor *editor, int r)
{
	int unread = 0;

	if (r != -ECONNRESET)
		return true;
	if (ioctl(editor->options.out, FIONREAD, &unread) == 0 && unread > 0)
		return false;
	return clock_now() - editor->editing.saved > editor->options.on_the_way;
}

bool editor_other(const struct editor *editor)
{
	return editor->editing.other && !editor->request.view_only;
}

bool editor_within(const struct editor *editor)
{
	return editor->editing.within && !editor->request.view_only;
}

bool editor_misses(const struct editor *editor)
{
	return editor_other(editor) || editor_within(editor) ||
	       (editor->editing.beside > 0 && editor->request.beside && !editor->request.view_only);
}

static void judge_rest(struct editor *editor, int r)
{
	const struct content *received = &editor->reply.last;
	struct content content;
	struct stat status;
	int fd;

	editor->taken = is_taken(editor, r);
	if (editor->request.view_only) {
		fd = workdir_open(&editor->workdir, &status);
		editor->in_vain = fd >= 0 &&
				  content_read(fd, editor->stream.buffer, &content) == 0 &&
				  !content_same(received, &content);
		if (fd >= 0)
			close(fd);
	}
	if (editor->editing.left)
		editor->left = EDITOR_USED;
	else if (editor->editing.beside > 0 || editor_other(editor) || editor_within(editor))
		editor->left = EDITOR_UNSENT;
	/* What version 1 cannot say is told in another way. */
	else if (r < 0 && r != -ENOTSUP && !editor->request.view_only &&
		 leftover_unsent(&editor->workdir, &editor->reply, editor->taken))
		editor->left = EDITOR_UNSENT;
}

int editor_run(struct editor *editor, char *const argv[], char *const environment[], int *status,
	       struct qfile_error *error)
{
	struct editing *editing = &editor->editing;
	int r;

	*editing = (struct editing){
		.saves = {.workdir = &editor->workdir,
			  .reply = &editor->reply,
			  .view_only = editor->request.view_only,
			  .beside = editor->request.beside},
		.out = editor->options.out,
		.stop = editor->options.stop,
	};
	r = editing_run(editing, argv, environment, error);
	*status = editing->handler.status;
	judge_rest(editor, r);
	return r;
}

enum editor_left editor_left(const struct editor *editor)
{
	return editor->left;
}

unsigned editor_beside(const struct editor *editor, const char **name)
{
	*name = editor->editing.beside_name;
	return editor->editing.beside;
}

bool editor_unopened(const struct editor *editor)
{
	const struct editing *editing = &editor->editing;

	/* That it is over does not say so: a handler can end at once without having shown it. */
	return editing->verdict == VERDICT_UNOPENED ||
	       (editing->verdict == VERDICT_OVER && !editing->evidence.opened &&
		editor_saves(editor) == 0);
}

bool editor_changed_in_vain(const struct editor *editor)
{
	return editor->in_vain;
}

/* The private directory: removed, or left with a notice. Nothing of a view is ever sent back. */
static int leave(struct editor *editor)
{
	if (editor->left == EDITOR_NOTHING)
		return workdir_remove(&editor->workdir);
	return editor->request.view_only ? 0
					 : leftover_tell(&editor->workdir, editor->options.from,
							 editor->left == EDITOR_USED);
}

int editor_done(struct editor *editor, int code, const char *message)
{
	editor->stream.in = -1;
	editor->removed = leave(editor);
	return reply_done(&editor->reply, code, message);
}

enum editor_left editor_keep(struct editor *editor)
{
	if (keeper_detach(&editor->workdir) < 0)
		return EDITOR_USED;
	keeper_wait(&editor->editing);
	if (!editor->request.view_only &&
	    leftover_unsent(&editor->workdir, &editor->reply, editor->taken)) {
		leftover_tell(&editor->workdir, editor->options.from, false);
		return EDITOR_UNSENT;
	}
	return workdir_remove(&editor->workdir) == 0 ? EDITOR_NOTHING : EDITOR_UNSENT;
}

int editor_free(struct editor *editor)
{
	int r;

	if (!editor)
		return 0;
	r = editor->removed;
	if (editor->workdir.dir >= 0 && editor->left == EDITOR_NOTHING)
		r = workdir_remove(&editor->workdir);
	stream_writer_close(&editor->stream);
	free(editor);
	return r;
}
