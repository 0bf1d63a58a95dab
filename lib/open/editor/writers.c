/*
 * Who has a file open for writing?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/writers.h"
#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct search {
	struct writers *writers;
	const struct workdir *workdir;
	const struct stat *status;
	pid_t pid;
	int process; /* its directory in /proc */
};

enum writing writers_ask(const struct workdir *workdir, int fd)
{
	enum writing writing = lease_ask(fd);
	struct writers writers;
	struct stat status;

	if (writing != WRITING_UNKNOWN || fstat(fd, &status) < 0)
		return writing;
	writers_find(&writers, workdir, &status);
	if (writers.count > 0)
		return WRITING_SOMEBODY;
	return writers.all ? WRITING_NOBODY : WRITING_UNKNOWN;
}

bool writers_lock(int fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	/* Where there are no locks, nobody has one. */
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return false;
	return lock.l_start != 0 || lock.l_len != 0;
}

/* ---- /proc ---- */

static void add(const struct search *search, int fd, bool only)
{
	struct writers *writers = search->writers;

	if (writers->count == WRITERS_MAX)
		writers->all = false;
	else
		writers->list[writers->count++] =
			(struct writer){.pid = search->pid, .fd = fd, .only = only};
}

/* Does a path lead to something in the working directory, whose name nobody else's has? */
static bool leads_there(const char *path, const struct workdir *workdir)
{
	size_t length = strlen(workdir->base);

	for (const char *at = strstr(path, workdir->base); at; at = strstr(at + 1, workdir->base)) {
		if (at > path && at[-1] == '/' && at[length] == '/')
			return true;
	}
	return false;
}

/* Open a file of the process for reading lines. */
static FILE *open_lines(const struct search *search, const char *name)
{
	int fd = openat(search->process, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

static void search_descriptor(const struct search *search, int list, const char *name)
{
	char target[PATH_MAX], path[32], line[128];
	ssize_t n = readlinkat(list, name, target, sizeof(target) - 1);
	struct stat status;
	unsigned flags;
	FILE *file;

	target[n < 0 ? 0 : n] = '\0';
	if (!leads_there(target, search->workdir) || fstatat(list, name, &status, 0) < 0 ||
	    status.st_dev != search->status->st_dev || status.st_ino != search->status->st_ino)
		return;
	snprintf(path, sizeof(path), "fdinfo/%.16s", name);
	file = open_lines(search, path);
	if (!file) {
		search->writers->all &= errno == ENOENT;
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "flags: %o", &flags) == 1 && (flags & O_ACCMODE) != O_RDONLY)
			add(search, atoi(name), (flags & O_ACCMODE) == O_WRONLY);
	}
	fclose(file);
}

static void search_maps(const struct search *search)
{
	FILE *file = open_lines(search, "maps");
	char *line = NULL, perms[8];
	unsigned long inode;
	size_t size = 0;

	if (!file) {
		search->writers->all &= errno == ENOENT || errno == ESRCH;
		return;
	}
	while (getline(&line, &size, file) >= 0) {
		if (sscanf(line, "%*s %7s %*s %*s %lu", perms, &inode) == 2 && perms[1] == 'w' &&
		    perms[3] == 's' && inode == search->status->st_ino &&
		    leads_there(line, search->workdir))
			add(search, -1, false);
	}
	free(line);
	fclose(file);
}

/* Is the process one of this user's? Others cannot open anything in the directory, but for root. */
static bool is_ours(const struct search *search)
{
	FILE *file = open_lines(search, "status");
	char line[256];
	bool ours = false;
	unsigned uid;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Uid: %*u %u", &uid) == 1)
			ours = uid == geteuid();
	}
	if (file)
		fclose(file);
	return ours;
}

static void search_process(struct search *search)
{
	int fd = openat(search->process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory_read(fd);
	const struct dirent *entry;

	if (!list) {
		if (errno != ENOENT && errno != ESRCH && is_ours(search))
			search->writers->all = false;
		return;
	}
	while ((entry = readdir(list)))
		search_descriptor(search, fd, entry->d_name);
	closedir(list);
	search_maps(search);
}

void writers_find(struct writers *writers, const struct workdir *workdir, const struct stat *status)
{
	struct search search = {.writers = writers, .workdir = workdir, .status = status};
	const struct dirent *entry;
	DIR *list = opendir("/proc");

	*writers = (struct writers){.all = list};
	while (list && (entry = readdir(list))) {
		search.pid = (pid_t)atoi(entry->d_name); /* 0: no process */
		if (search.pid <= 0)
			continue;
		search.process =
			openat(dirfd(list), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (search.process < 0) {
			writers->all &= errno == ENOENT;
			continue;
		}
		search_process(&search);
		close(search.process);
	}
	if (list)
		closedir(list);
}

/* ---- Comparing ---- */

/* Is it the same, or the same descriptor, which a process inherits from the one that starts it? */
static bool is_same(const struct writer *a, const struct writer *b)
{
	if (a->pid == b->pid && a->fd == b->fd)
		return true;
	return a->fd >= 0 && b->fd >= 0 &&
	       syscall(SYS_kcmp, a->pid, b->pid, KCMP_FILE, a->fd, b->fd) == 0;
}

static bool is_among(const struct writer *writer, const struct writers *writers)
{
	for (unsigned i = 0; i < writers->count; i++) {
		if (is_same(writer, &writers->list[i]))
			return true;
	}
	return false;
}

/*
 * Has it closed the file since it was found, or ended? A process that starts another one leaves it
 * a copy of each descriptor for a moment.
 */
static bool is_gone(const struct writer *writer)
{
	return writer->fd >= 0 &&
	       syscall(SYS_kcmp, writer->pid, writer->pid, KCMP_FILE, writer->fd, writer->fd) < 0 &&
	       (errno == ESRCH || errno == EBADF);
}

unsigned writers_new(const struct writers *writers, const struct writers *before)
{
	unsigned count = 0;

	for (unsigned i = 0; i < writers->count; i++)
		count += !is_among(&writers->list[i], before) && !is_gone(&writers->list[i]);
	return count;
}

bool writers_new_only(const struct writers *writers, const struct writers *before)
{
	for (unsigned i = 0; i < writers->count; i++) {
		if (writers->list[i].only && !is_among(&writers->list[i], before) &&
		    !is_gone(&writers->list[i]))
			return true;
	}
	return false;
}

enum process_state writers_state(const struct writers *writers, bool open)
{
	bool seen[] = {[PROCESS_KILLED] = false};

	for (unsigned i = 0; i < writers->count; i++)
		seen[process_state(writers->list[i].pid)] = true;
	if (seen[PROCESS_KILLED] && (open || !seen[PROCESS_LIVES]))
		return PROCESS_KILLED;
	if (writers->count == 0 || seen[PROCESS_LIVES])
		return PROCESS_LIVES;
	return seen[PROCESS_GONE] ? PROCESS_GONE : PROCESS_EXITED;
}

bool writers_map(const struct writers *writers)
{
	for (unsigned i = 0; i < writers->count; i++) {
		if (writers->list[i].fd < 0)
			return true;
	}
	return false;
}
