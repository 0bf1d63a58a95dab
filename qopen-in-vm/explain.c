/*
 * Messages: what has happened to the file, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "explain.h"
#include "open/opener/opener.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Make a path or name of this machine safe to show. */
static const char *shown(const char *name, char text[1024])
{
	qfile_displayable(name, strlen(name), text, 1024, 500);
	return text;
}

void explain_refusal(const char *file, const struct qfile_error *error)
{
	char name[1024], text[1024];

	shown(file, name);
	if (!*file)
		warnx("the file's name is empty: name a file");
	else if (error->code == EISDIR)
		warnx("cannot open \"%s\" in another VM: it is a directory. Send it with "
		      "qfile-agent, or open one of its files",
		      name);
	else if (error->code == ENOTSUP)
		warnx("cannot open \"%s\" in another VM: it is not a regular file", name);
	else if (error->code == ESTALE)
		warnx("cannot open \"%s\" in another VM: the file has been removed or moved, or is "
		      "being replaced all the time",
		      name);
	else
		warnx("%s; nothing was sent", qfile_error_text(error, text, sizeof(text)));
}

void explain_notes(const struct explain *about, unsigned notes)
{
	char name[1024];

	shown(about->file, name);
	if (about->quiet)
		return;
	if (notes & OPENER_LINKS)
		warnx("\"%s\" has other names (hard links): they will keep the old content when it "
		      "is saved",
		      name);
	if (notes & OPENER_SECOND)
		warnx("\"%s\" is open for editing in a VM already: what is saved here will be kept "
		      "beside it",
		      name);
	else if (notes & OPENER_READ_ONLY)
		warnx("you may not write to \"%s\": what is saved will be kept beside it", name);
}

/* Why a save has not replaced the file: a static string, or `text`. */
static const char *reason(int code, char text[128])
{
	const struct qfile_error error = {.code = code};

	switch (code) {
	case ESTALE:
		return "it was changed here in the meantime";
	case ENOENT:
		return "it was removed here in the meantime";
	case EBUSY:
		return "it was open for editing in a VM already";
	case EACCES:
		return "you may not write to it";
	default:
		return qfile_error_text(&error, text, 128);
	}
}

void explain_save(const struct explain *about, enum opener_step step,
		  const struct opener_event *event, const struct qfile_error *error)
{
	char name[1024], path[1024], text[1024], why[128];

	shown(about->file, name);
	shown(event->path, path);
	if (step == OPENER_SAVED && event->path[0])
		warnx("\"%s\" has the content that came back; %s speaks an old version, which "
		      "cannot tell whether that is all of it: what the file had "
		      "before is in \"%s\"",
		      name, about->vm, path);
	else if (step == OPENER_SAVED && about->verbose)
		warnx("save %u is in \"%s\"", event->save, name);
	else if (step == OPENER_KEPT)
		warnx("save %u is not in \"%s\" (%s) but in \"%s\"", event->save, name,
		      reason(event->code, why), path);
	else if (step == OPENER_DROPPED)
		warnx("save %u could be written nowhere: %s. Make room here, then save it again in "
		      "%s",
		      event->save, qfile_error_text(error, text, sizeof(text)), about->vm);
	else if (step == OPENER_DAMAGED && about->verbose)
		warnx("save %u was changed while it was sent, and is not used", event->save);
}

void explain_note(const struct explain *about, const struct opener_event *event)
{
	if (!about->quiet)
		warnx("%s says: %s", about->vm, event->message);
}

void explain_done(const struct explain *about, const struct opener_event *event)
{
	/*
	 * A code below 4096 may be an errno of Linux, whatever system the other side runs on.
	 */
	if (event->code != 0)
		warnx("%s could not do it: %s", about->vm,
		      event->message[0]                       ? event->message
		      : event->code > 0 && event->code < 4096 ? strerror(event->code)
							      : "unknown error");
	else if (event->message[0] && !about->quiet)
		warnx("%s says: %s", about->vm, event->message);
}

static void explain_last(const struct explain *about, unsigned save)
{
	char name[1024];

	shown(about->file, name);
	if (save == 0)
		warnx("no save had arrived; \"%s\" is as it was", name);
	else
		warnx("the last save that arrived is number %u", save);
}

void explain_failure(const struct explain *about, int code, const struct opener_event *event,
		     const struct qfile_error *error)
{
	char text[1024];

	switch (code) {
	case -ECONNRESET:
		warnx("the connection to %s was lost before the session ended", about->vm);
		break;
	case -EPROTO:
		warnx("what comes from %s makes no sense: is it a vm-file-editor that runs there, "
		      "and does no login script (~/.bashrc) write to stdout before it?",
		      about->vm);
		break;
	case -EFBIG:
		warnx("what was saved in %s is longer than --max-bytes allows, and is not used",
		      about->vm);
		break;
	case -ECANCELED:
		warnx("stopped");
		break;
	default:
		warnx("%s", qfile_error_text(error, text, sizeof(text)));
	}
	explain_last(about, event->save);
}

void explain_damaged(const struct explain *about, unsigned save)
{
	warnx("save %u, the last one, was damaged on its way: what it changed is lost if %s does "
	      "not have it any more",
	      save, about->vm);
}
