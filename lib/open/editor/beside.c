/*
 * What an application saves beside the file that is edited.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/beside.h"
#include "io/directory.h"
#include "io/space.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Milliseconds without a change. Applications make files for a moment, which nobody wants to have.
 */
#define SETTLED 3000
/* The same where somebody has it open, and may be writing it: an application keeps what it shows.
 */
#define SETTLED_OPEN 10000
/* Milliseconds between two looks at its content, which can change without any sign. */
#define APART 1000
/* Milliseconds between two looks; more where a look takes long. */
#define LOOK       1000
#define LOOK_SHARE 20
/* Milliseconds between a change and noticing it, or that a process has ended. */
#define DEATH 1500

/* ---- Names ---- */

/* What backups, journals of databases and swap files end with. */
static const char *const junk_ends[] = {"~", "-journal", "-shm", ".swp", ".swo", ".swx"};
/*
 * What temporary files and locks end with, and some that a user may have made; and the log of a
 * database, which holds transactions until they are written to the database.
 */
static const char *const later_ends[] = {".tmp",  ".temp", ".part", ".crdownload",
					 ".lock", ".lck",  "-wal"};
/* How hidden files of applications, desktops and file systems begin. */
static const char *const junk_begins[] = {".~lock.",      ".#",         ".goutputstream-", ".nfs",
					  ".fuse_hidden", ".directory", ".DS_Store"};

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), of_end = strlen(end);

	return length >= of_end && strcasecmp(name + length - of_end, end) == 0;
}

static bool ends_in(const char *name, const char *const *ends, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ends_with(name, ends[i]))
			return true;
	}
	return false;
}

static bool begins_as_junk(const char *name)
{
	for (size_t i = 0; i < sizeof(junk_begins) / sizeof(*junk_begins); i++) {
		if (strncmp(name, junk_begins[i], strlen(junk_begins[i])) == 0)
			return true;
	}
	return false;
}

static size_t stem_length(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && dot > file ? (size_t)(dot - file) : strlen(file);
}

/* Is it `file`, with or without its extension, with ".bak" or ".orig" behind it? */
static bool is_backup(const char *name, const char *file)
{
	const char *end = strrchr(name, '.');
	size_t got;

	if (!end || (strcasecmp(end, ".bak") != 0 && strcasecmp(end, ".orig") != 0))
		return false;
	got = (size_t)(end - name);
	return (got == strlen(file) || got == stem_length(file)) && strncmp(name, file, got) == 0;
}

/* Is it a hidden or a locking one that belongs to `file`, as its name says? */
static bool belongs_to(const char *name, const char *file)
{
	return strncmp(name[0] == '.' ? name + 1 : name, file, stem_length(file)) == 0;
}

enum beside_want beside_want(const char *name, const char *file)
{
	const bool hidden = name[0] == '.',
		   later = hidden ||
			   ends_in(name, later_ends, sizeof(later_ends) / sizeof(*later_ends));

	if (strcmp(name, file) == 0 || strncmp(name, "~$", 2) == 0 || is_backup(name, file) ||
	    (name[0] == '#' && ends_with(name, "#")) || begins_as_junk(name) ||
	    ends_in(name, junk_ends, sizeof(junk_ends) / sizeof(*junk_ends)))
		return BESIDE_JUNK;
	if (!later)
		return BESIDE_WANTED;
	return belongs_to(name, file) && !ends_with(name, "-wal") ? BESIDE_JUNK : BESIDE_LATER;
}

/* ---- Looking ---- */

static void add_other(struct beside *beside, const char *name, const char *end)
{
	if (beside->others++ == 0)
		snprintf(beside->other, sizeof(beside->other), "%.254s%s", name, end);
}

/* Is there anything in the directory that a user wants to have? */
static bool has_any(int dir, const char *name, const char *file)
{
	DIR *list =
		directory_read(openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	const struct dirent *entry;
	bool found = false;

	/* One that we may not read may have. */
	if (!list)
		return errno != ENOENT;
	while (!found && (entry = readdir(list)))
		found = !is_dot_or_dot_dot(entry->d_name) &&
			beside_want(entry->d_name, file) == BESIDE_WANTED;
	closedir(list);
	return found;
}

/* Find the place of a name in the table, or one that is free; NULL: there is none. */
static struct beside_file *find(struct beside *beside, const char *name)
{
	struct beside_file *free = NULL;

	for (size_t i = 0; i < BESIDE_NAMES_MAX; i++) {
		struct beside_file *file = &beside->files[i];

		if (strcmp(file->name, name) == 0)
			return file;
		if (!free && !file->name[0])
			free = file;
	}
	return free;
}

static void note_file(struct beside *beside, const char *name, struct mark mark, bool later)
{
	struct beside_file *file = find(beside, name);

	if (!file) {
		if (!later)
			add_other(beside, name, "");
		return;
	}
	file->later = later;
	if (!file->name[0]) {
		*file = (struct beside_file){.arrived = false};
		snprintf(file->name, sizeof(file->name), "%s", name);
	}
	if (!mark_same(&file->mark, &mark)) {
		file->mark = mark;
		file->sent = false;
		file->since = clock_now();
		file->looked_at = 0;
		file->next = file->since + SETTLED;
	}
	file->found = true;
}

static void note_entry(struct beside *beside, const struct workdir *workdir, const char *name)
{
	const struct mark edited = workdir_look(workdir, workdir->name);
	const enum beside_want want = beside_want(name, workdir->name);
	struct stat status;

	if (want == BESIDE_JUNK || fstatat(workdir->dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(status.st_mode) && want == BESIDE_WANTED &&
	    has_any(workdir->dir, name, workdir->name))
		add_other(beside, name, "/");
	/* Another name of the file itself is no other file. */
	if (S_ISREG(status.st_mode) &&
	    (status.st_dev != edited.device || status.st_ino != edited.inode))
		note_file(beside, name, mark_of(&status), want == BESIDE_LATER);
}

/* What has gone needs no place any more. */
static void forget_gone(struct beside *beside)
{
	for (size_t i = 0; i < BESIDE_NAMES_MAX; i++) {
		if (!beside->files[i].found)
			beside->files[i].name[0] = '\0';
		beside->files[i].found = false;
	}
}

int beside_look(struct beside *beside, const struct workdir *workdir)
{
	const int64_t begun = clock_now();
	/* A descriptor of its own: they would share where they read. */
	DIR *list = directory_read(openat(workdir->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;
	int64_t took;

	if (!list)
		return -errno;
	beside->others = 0;
	while ((entry = readdir(list))) {
		if (!is_dot_or_dot_dot(entry->d_name))
			note_entry(beside, workdir, entry->d_name);
	}
	closedir(list);
	forget_gone(beside);
	took = clock_now() - begun;
	beside->next = clock_now() + LOOK + took * LOOK_SHARE;
	return 0;
}

/* ---- Sending ---- */

/* What is only for a moment has not gone when all is over. */
static bool counts(const struct beside *beside, const struct beside_file *file)
{
	return !file->later || (beside->over && file->mark.size > 0);
}

/* Has it the content that it had at an earlier look? If there was none, take one. */
static bool same_as_before(struct beside_file *file, int fd, struct reply *reply)
{
	unsigned char *buffer = reply->stream->buffer;
	struct content content;

	if (file->looked_at == 0) {
		if (content_read(fd, buffer, &file->looked) == 0)
			file->looked_at = clock_now();
		return false;
	}
	if (clock_now() - file->looked_at < APART || content_read(fd, buffer, &content) < 0)
		return false;
	if (content_same(&content, &file->looked))
		return true;
	file->since = file->looked_at = clock_now();
	file->looked = content;
	return false;
}

/* May it be sent? `last`: because the session ends. */
static bool is_due(struct beside_file *file, int fd, struct reply *reply, enum complete complete,
		   bool last)
{
	const int64_t passed = clock_now() - file->since;

	if (complete == COMPLETE_CLOSED)
		return true;
	if (last)
		return complete == COMPLETE_DATABASE || (passed >= SETTLED && file->mark.size > 0);
	if (complete == COMPLETE_NOT)
		return false;
	return passed + APART >= SETTLED_OPEN && same_as_before(file, fd, reply) &&
	       passed >= SETTLED_OPEN;
}

/* Why it may be damaged: an errno, or 0. */
static int damage(const struct beside_file *file, const struct workdir *workdir, int fd,
		  const struct stat *status, enum complete complete, int64_t died)
{
	const int64_t passed = clock_now() - file->since;
	uint64_t left;

	if (space_left(fd, &left) == 0 && left < SPACE_FULL)
		return ENOSPC;
	if (died && file->since - died <= DEATH && died - file->since <= DEATH)
		return EIO;
	/* Nobody has it, and it does not have all that is in its journal. */
	if (database_look(workdir->dir, file->name, fd, status) == DATABASE_WITHIN)
		return EIO;
	return complete == COMPLETE_NOT || (complete == COMPLETE_UNCERTAIN && passed < SETTLED_OPEN)
		       ? EIO
		       : 0;
}

/* The same content is not sent again, since another mode, owner or time is no other content. */
static int send_content(struct beside *beside, struct reply *reply, struct beside_file *file,
			int fd, const struct stat *status, int code)
{
	struct content content;
	int r = content_read(fd, reply->stream->buffer, &content);

	if (r < 0)
		return 0;
	if (file->arrived && content_same(&content, &file->content))
		return 1;
	if (beside->sent == BESIDE_SENT_MAX || content.size > BESIDE_BYTES_MAX - beside->bytes)
		return 0;
	beside->sent++;
	beside->bytes += content.size;
	r = reply_beside(reply, file->name, fd, status, code);
	file->arrived = r == 1 && code == 0;
	file->content = content;
	return r;
}

/* Send a file that is open as `fd`. Returns as reply_beside(), and 0: not now. */
static int send_open(struct beside *beside, const struct workdir *workdir, struct reply *reply,
		     struct beside_file *file, int fd, bool last, int64_t died)
{
	enum complete complete;
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size != file->mark.size)
		return 0;
	complete = complete_judge_beside(workdir, file->name, fd, &status);
	if (!is_due(file, fd, reply, complete, last))
		return 0;
	return send_content(beside, reply, file, fd, &status,
			    damage(file, workdir, fd, &status, complete, died));
}

int beside_send(struct beside *beside, const struct workdir *workdir, struct reply *reply,
		bool last, int64_t died)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	for (size_t i = 0; i < BESIDE_NAMES_MAX; i++) {
		struct beside_file *file = &beside->files[i];
		int fd, r;

		/* What is written to a mapping leaves no sign: compare it in the end. */
		if (!file->name[0] || (file->sent && !(last && beside->over)) ||
		    !counts(beside, file) || (!last && clock_now() < file->next))
			continue;
		fd = openat(workdir->dir, file->name, flags);
		if (fd < 0)
			continue;
		r = send_open(beside, workdir, reply, file, fd, last, died);
		close(fd);
		if (r < 0 && reply->ended)
			return -ECONNRESET;
		file->sent = r == 1;
		file->next = clock_now() + SETTLED;
	}
	return 0;
}

unsigned beside_left(const struct beside *beside, char name[NAME_MAX + 1])
{
	unsigned left = beside->others;

	snprintf(name, NAME_MAX + 1, "%s", left > 0 ? beside->other : "");
	for (size_t i = 0; i < BESIDE_NAMES_MAX; i++) {
		if (!beside->files[i].name[0] || beside->files[i].sent ||
		    !counts(beside, &beside->files[i]))
			continue;
		if (left++ == 0)
			snprintf(name, NAME_MAX + 1, "%s", beside->files[i].name);
	}
	return left;
}
