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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Make a path or name of this machine safe to show. */
static const char *shown(const char *name, char text[1024])
{
	qfile_displayable(name, strlen(name), text, 1024, 500);
	return text;
}

/* Is the other VM gone with this session? */
static bool is_disposable(const struct explain *about)
{
	return strncmp(about->vm, "@dispvm", strlen("@dispvm")) == 0;
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

void explain_order(const char *vm, const char *file)
{
	char name[1024];

	warnx("there is no file \"%s\" here, but one called \"%s\": the VM comes before the file; "
	      "nothing was sent",
	      shown(file, name), vm);
}

/* Why the file cannot be replaced, if the directory or the file is why. */
static const struct {
	unsigned note;
	const char *why;
	bool in_place; /* writing into the file itself helps */
} hindrances[] = {
	{OPENER_MOUNT, "something is mounted on it", true},
	{OPENER_OWNER,
	 "a new file in its place would have another owner, group, mode or access list", true},
	{OPENER_DIRECTORY, "its directory does not let you put a new file in its place", true},
	{OPENER_IMMUTABLE, "it is marked as one that must not change (chattr)", false},
	{OPENER_READ_ONLY, "you may not write to it", false},
	{OPENER_READ_ONLY_MOUNT, "it is on a file system that is mounted read-only", false},
	{OPENER_SECOND, "it is open for editing in a VM already", false},
	{OPENER_DATABASE, "changes to it that are only in its journal here would spoil it", false},
};

#define HINDRANCES (sizeof(hindrances) / sizeof(*hindrances))

static const char *hindrance(unsigned cause)
{
	for (size_t i = 0; i < HINDRANCES; i++) {
		if (hindrances[i].note & cause)
			return hindrances[i].why;
	}
	return NULL;
}

/* What saves will be kept elsewhere for, and what they can do about it. */
static void explain_hindrance(const struct explain *about, unsigned notes, const char *name)
{
	const char *where = notes & OPENER_DIRECTORY ? "elsewhere" : "beside it";

	if (notes & OPENER_SECOND)
		warnx("\"%s\" is open for editing in a VM already: what is saved in this session "
		      "will be kept %s. End the other session first to save into the file itself",
		      name, where);
	else if (notes & OPENER_IMMUTABLE)
		warnx("\"%s\" is marked as one that must not change (chattr): what is saved will "
		      "be "
		      "kept elsewhere",
		      name);
	else if (notes & OPENER_READ_ONLY_MOUNT)
		warnx("\"%s\" is on a file system that is mounted read-only: what is saved will be "
		      "kept %s",
		      name, where);
	else if (notes & OPENER_READ_ONLY)
		warnx("you may not write to \"%s\": what is saved will be kept %s", name, where);
	else if (notes & (OPENER_MOUNT | OPENER_OWNER | OPENER_DIRECTORY) && !about->in_place)
		warnx("\"%s\" cannot be replaced: %s. What is saved will be kept %s; with "
		      "--in-place "
		      "it is written into the file itself",
		      name, hindrance(notes), where);
}

void explain_notes(const struct explain *about, unsigned notes, const char *unfinished)
{
	char name[1024], path[1024];

	shown(about->file, name);
	/* It may have parts of two contents: that is not for verbose users only. */
	if (notes & OPENER_UNFINISHED)
		warnx("a save into \"%s\" was interrupted: the content before it is in \"%s\". "
		      "Remove that when you do not need it any more",
		      name, shown(unfinished, path));
	if (notes & OPENER_DATABASE)
		warnx("\"%s\" is a database with changes that are only in its journal (\"-wal\" or "
		      "\"-journal\" behind its name): they are not sent%s. Close the application "
		      "that has it open here, then open it again",
		      name, about->view_only ? "" : ", and what is saved will be kept beside it");
	if (about->quiet)
		return;
	if (notes & OPENER_LINKS && !(notes & OPENER_IN_PLACE))
		warnx("\"%s\" has other names (hard links): they will keep the old content when it "
		      "is saved; with --in-place they do not",
		      name);
	explain_hindrance(about, notes, name);
	if (notes & OPENER_IN_PLACE && about->verbose)
		warnx("what is saved will be written into \"%s\" itself", name);
}

/* Why a save has not replaced the file: a static string, or `text`. */
static const char *reason(const struct opener_event *event, char text[128])
{
	const struct qfile_error error = {.code = event->code};

	if (event->cause == OPENER_SECOND)
		return "it was open for editing in a VM already";
	if (hindrance(event->cause))
		return hindrance(event->cause);
	switch (event->code) {
	case ESTALE:
		return "it was changed here in the meantime";
	case ENOENT:
		return "it was removed here in the meantime";
	case EDQUOT:
		return "too much of what it had before doubtful saves is kept already";
	default:
		return qfile_error_text(&error, text, 128);
	}
}

static const char *why_doubtful(const struct opener_event *event)
{
	return event->doubt == EIO ? "the application ended while it wrote, or was still writing"
	       : event->doubt == ENOSPC ? "the disk there was full"
	       : event->doubt < 4096    ? strerror(event->doubt)
					: "unknown error";
}

/* Does the other side say that the content may be damaged? Then that is said. */
static bool explain_doubt(const struct explain *about, const struct opener_event *event)
{
	char path[1024], name[1024], what[32];
	const char *why = why_doubtful(event);

	if (event->doubt == 0)
		return false;
	shown(about->file, name);
	shown(event->path, path);
	snprintf(what, sizeof(what), "save %u", event->save);
	if (event->path[0])
		warnx("%s may be damaged, as %s says (%s): look at it. It is in \"%s\", and what "
		      "that "
		      "had before is in \"%s\"",
		      what, about->vm, why, name, path);
	else
		warnx("%s may be damaged, as %s says (%s): look at it. It is in \"%s\"", what,
		      about->vm, why, name);
	return true;
}

static bool explain_saved(const struct explain *about, const struct opener_event *event)
{
	char name[1024], path[1024];

	shown(about->file, name);
	if (explain_doubt(about, event))
		return true;
	if (event->path[0])
		warnx("\"%s\" has the content that came back; %s speaks an old version, which "
		      "cannot tell whether that is all of it: what the file had "
		      "before is in \"%s\"",
		      name, about->vm, shown(event->path, path));
	else if (about->verbose)
		warnx("save %u is in \"%s\"%s", event->save, name,
		      event->in_place ? ", written into the file itself" : "");
	return event->path[0] || about->verbose;
}

bool explain_save(const struct explain *about, enum opener_step step,
		  const struct opener_event *event, const struct qfile_error *error)
{
	char name[1024], path[1024], text[1024], why[128];

	if (step == OPENER_SAVED)
		return explain_saved(about, event);
	shown(about->file, name);
	shown(event->path, path);
	if (step == OPENER_KEPT && event->doubt)
		warnx("save %u may be damaged, as %s says (%s), and is not in \"%s\" (%s) but in "
		      "\"%s\"",
		      event->save, about->vm, why_doubtful(event), name, reason(event, why), path);
	else if (step == OPENER_KEPT)
		warnx("save %u is not in \"%s\" (%s) but in \"%s\"", event->save, name,
		      reason(event, why), path);
	else if (step == OPENER_DROPPED)
		warnx("save %u could be written nowhere: %s. Make room here, then save it again in "
		      "%s, before you close it there",
		      event->save, qfile_error_text(error, text, sizeof(text)), about->vm);
	else if (about->verbose)
		warnx("save %u was changed while it was sent, and is not used", event->save);
	if (step == OPENER_DROPPED && event->path[0])
		warnx("what \"%s\" had before is in \"%s\"", name, path);
	return step != OPENER_DAMAGED || about->verbose;
}

void explain_beside(const struct explain *about, enum opener_step step,
		    const struct opener_event *event, const struct qfile_error *error)
{
	char name[1024], path[1024], text[1024];

	shown(about->file, name);
	shown(event->path, path);
	if (step == OPENER_BESIDE_LOST)
		warnx("\"%s\", which was saved beside \"%s\" in %s, could not be taken, and may "
		      "be lost when the session ends: %s. Save it elsewhere there",
		      path, name, about->vm,
		      error->code == EDQUOT    ? "too many files, or too much in all, were saved "
						 "beside it"
		      : error->code == EFBIG   ? "it is longer than --max-bytes allows"
		      : error->code == EBADMSG ? "it was damaged on its way"
					       : qfile_error_text(error, text, sizeof(text)));
	else if (!about->quiet || event->doubt)
		warnx("saved beside \"%s\" in %s, and here now: \"%s\"%s", name, about->vm, path,
		      event->doubt ? " (it may be damaged)" : "");
}

void explain_ending(const struct explain *about)
{
	if (!about->quiet)
		warnx("ending: waiting for what was just saved in %s; press Ctrl-C again to end at "
		      "once",
		      about->vm);
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
	if (event->code == ECANCELED && event->message[0])
		warnx("%s says: %s", about->vm, event->message);
	else if (event->code != 0)
		warnx("%s could not do it: %s", about->vm,
		      event->message[0]                       ? event->message
		      : event->code > 0 && event->code < 4096 ? strerror(event->code)
							      : "unknown error");
	else if (event->message[0] && !about->quiet)
		warnx("%s says: %s", about->vm, event->message);
	if (is_disposable(about) && event->code == ENOSPC)
		warnx("where %s is a sandbox, its template says how much space it has: see space= "
		      "in pedos-rpc-sandbox(1)",
		      about->vm);
	/* The other side does not know that it is one, and may say that something is kept there. */
	if (is_disposable(about) && strstr(event->message, " kept "))
		warnx("%s is gone, and what was kept there with it", about->vm);
}

void explain_last(const struct explain *about, unsigned save, bool here)
{
	char name[1024];

	shown(about->file, name);
	if (save == 0)
		warnx("no save had arrived; \"%s\" is as it was", name);
	else
		warnx("the last save that arrived is number %u%s%s%s", save,
		      here ? ", and is in \"" : "", here ? name : "", here ? "\"" : "");
}

void explain_ssh_failed(const struct explain *about)
{
	char name[1024];

	shown(about->file, name);
	warnx("ssh failed with status 255, for the reason that it has given, if any; no save has "
	      "arrived: \"%s\" is as it was",
	      name);
}

void explain_failure(const struct explain *about, int code, const struct opener_event *event,
		     const struct qfile_error *error, bool here)
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
		if (is_disposable(about))
			warnx("stopped: %s is gone, and what was not saved yet with it", about->vm);
		else
			warnx("stopped: what was not saved yet in %s, or is saved there from now "
			      "on, stays there",
			      about->vm);
		break;
	default:
		warnx("%s", qfile_error_text(error, text, sizeof(text)));
	}
	explain_last(about, event->save, here);
}

void explain_moved(const struct explain *about, const char *where)
{
	char name[1024], path[1024];

	shown(about->file, name);
	shown(where, path);
	warnx("\"%s\" was moved or replaced, or leads elsewhere now: what was saved is in \"%s\"",
	      name, path);
}

void explain_damaged(const struct explain *about, unsigned save)
{
	warnx("save %u, the last one, was damaged on its way: what it changed is lost if %s does "
	      "not have it any more",
	      save, about->vm);
}
