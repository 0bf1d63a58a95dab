/*
 * What stays in the private directory when the session has ended early.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/leftover.h"
#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- What did not arrive ---- */

/* Has the file a content that was not sent? */
static bool is_changed(const struct workdir *workdir, const struct reply *reply, bool taken)
{
	struct content content;
	struct stat status;
	int fd = workdir_open(workdir, &status), r;

	if (fd < 0)
		return fd != -ENOENT || workdir_is_other(workdir);
	r = content_read(fd, reply->stream->buffer, &content);
	close(fd);
	/* In version 1 a save is sent at the end, and `last` is what was received. */
	if (r == 0 && !reply->records && reply->saves > 0)
		return !taken;
	return r < 0 || !reply->sure || !content_same(&reply->last, &content) ||
	       (reply->saves > 0 && !taken);
}

/* Lock, swap and backup files of editors, and our own notice. */
static bool is_by_the_way(const char *name)
{
	const char *last = name + strlen(name) - 1;

	return name[0] == '.' || name[0] == '#' || *last == '~' ||
	       strncmp(name, LEFTOVER_NOTICE, strlen(LEFTOVER_NOTICE)) == 0;
}

static bool has_others(const struct workdir *workdir)
{
	int fd = openat(workdir->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory_read(fd);
	const struct dirent *entry;
	bool found = false;

	if (!list)
		return errno != ENOENT;
	do {
		errno = 0;
		entry = readdir(list);
		found = entry ? strcmp(entry->d_name, workdir->name) != 0 &&
					!is_by_the_way(entry->d_name)
			      : errno != 0;
	} while (entry && !found);
	closedir(list);
	return found;
}

bool leftover_unsent(const struct workdir *workdir, const struct reply *reply, bool taken)
{
	return is_changed(workdir, reply, taken) || has_others(workdir);
}

/* ---- The notice ---- */

/* A file's name, of which the end is kept where it is too long. */
static void name_notice(const char *name, char notice[NAME_MAX + 1])
{
	static const char end[] = ".txt";
	size_t room = NAME_MAX - strlen(LEFTOVER_NOTICE) - strlen(end), length = strlen(name);

	if (length > room)
		name += length - room;
	/* Not in the middle of a character. */
	while ((*name & 0xc0) == 0x80)
		name++;
	snprintf(notice, NAME_MAX + 1, LEFTOVER_NOTICE "%s%s", name, end);
}

static void word(char *text, size_t size, const struct workdir *workdir, const char *from,
		 bool used)
{
	time_t now = time(NULL);
	struct tm local;
	char when[64] = "";

	if (localtime_r(&now, &local))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &local);
	snprintf(text, size,
		 "%s came from %s%s%s.\n"
		 "The connection to it ended on %s.\n"
		 "\n"
		 "What you save from now on is not sent back. It stays here only:\n"
		 "%s\n"
		 "\n"
		 "%s\n",
		 workdir->name, from ? "the virtual machine \"" : "another virtual machine",
		 from ? from : "", from ? "\"" : "", when, workdir->path,
		 used ? "When no application uses it any more, this directory is removed by\n"
			"itself, if all that was saved had been sent back before. Otherwise it\n"
			"stays: copy what you need, then remove it."
		      : "No application uses it any more. Some of what was saved may not have\n"
			"arrived there, so it was kept: copy what you need, then remove this\n"
			"directory.");
}

int leftover_tell(const struct workdir *workdir, const char *from, bool used)
{
	char name[NAME_MAX + 1], text[2 * PATH_MAX];
	int fd, r;

	name_notice(workdir->name, name);
	word(text, sizeof(text), workdir, from, used);
	/* An application may have taken our permission to write there. */
	fchmod(workdir->dir, 0700);
	fd = openat(workdir->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r = stream_write_full(fd, text, strlen(text));
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}
