/*
 * Does any process have the file in use?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/in_use.h"
#include "io/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/*
 * An inode, as inotify's lines in /proc/PID/fdinfo/FD name it. The kernel encodes it in its own
 * way, which on some file systems is not that of stat().
 */
struct watched {
	unsigned long inode, device;
};

/* What a process may watch: the file and its directory. */
struct search {
	const struct workdir *workdir;
	struct watched targets[2];
	int count;
};

/* ---- Lines of files in /proc ---- */

/* Does `judge` accept any line of the file? */
static bool any_line(int dir, const char *name, bool (*judge)(const char *line, void *argument),
		     void *argument)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && getline(&line, &size, file) >= 0)
		found = judge(line, argument);
	free(line);
	fclose(file);
	return found;
}

static bool parse_watch(const char *line, struct watched *watched)
{
	return sscanf(line, "inotify wd:%*x ino:%lx sdev:%lx", &watched->inode, &watched->device) ==
	       2;
}

/* ---- What to look for ---- */

static bool add_target(const char *line, void *argument)
{
	struct search *search = argument;

	if (parse_watch(line, &search->targets[search->count]))
		search->count++;
	return search->count == 2;
}

/*
 * Find out how the kernel names the file and its directory in such lines: watch them ourselves, and
 * read our own.
 */
static void name_targets(struct search *search)
{
	char info[64];
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
	inotify_add_watch(fd, search->workdir->directory, IN_DELETE_SELF);
	inotify_add_watch(fd, search->workdir->path, IN_DELETE_SELF | IN_DONT_FOLLOW);
	any_line(AT_FDCWD, info, add_target, search);
	close(fd);
}

static bool is_target(const char *line, void *argument)
{
	const struct search *search = argument;
	struct watched watched;

	if (!parse_watch(line, &watched))
		return false;
	for (int i = 0; i < search->count; i++) {
		if (watched.inode == search->targets[i].inode &&
		    watched.device == search->targets[i].device)
			return true;
	}
	return false;
}

/*
 * Does the path lead into the working directory? It is enough to look for the directory's name,
 * which is random: in another mount namespace the path before it may differ. After the path there
 * may be " (deleted)", and in a line of maps a newline.
 */
static bool leads_there(const char *path, const struct search *search)
{
	const char *base = search->workdir->base, *at = path;
	size_t length = strlen(base);

	while ((at = strstr(at, base))) {
		if (at > path && at[-1] == '/' && strchr("/ \n", at[length]))
			return true;
		at += length;
	}
	return false;
}

static bool maps_there(const char *line, void *argument)
{
	return leads_there(line, argument);
}

/* ---- One process ---- */

static bool link_leads_there(int dir, const char *name, const struct search *search,
			     char target[PATH_MAX])
{
	ssize_t n = readlinkat(dir, name, target, PATH_MAX - 1);

	target[n < 0 ? 0 : n] = '\0';
	return n > 0 && leads_there(target, search);
}

static bool has_open(int process, struct search *search)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = directory_read(fd);
	const struct dirent *entry;
	bool found = false;

	if (!list)
		return false;
	while (!found && (entry = readdir(list))) {
		char target[PATH_MAX], info[300];

		found = link_leads_there(fd, entry->d_name, search, target);
		if (!found && strcmp(target, "anon_inode:inotify") == 0) {
			snprintf(info, sizeof(info), "fdinfo/%s", entry->d_name);
			found = any_line(process, info, is_target, search);
		}
	}
	closedir(list);
	return found;
}

static bool uses_it(const char *pid, struct search *search)
{
	char path[32], target[PATH_MAX];
	bool uses;
	int process;

	snprintf(path, sizeof(path), "/proc/%.20s", pid);
	process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return false;
	uses = link_leads_there(process, "cwd", search, target) || has_open(process, search) ||
	       any_line(process, "maps", maps_there, search);
	close(process);
	return uses;
}

/* ---- All of them ---- */

bool in_use(pid_t *last, const struct workdir *workdir)
{
	struct search search = {.workdir = workdir};
	const struct dirent *entry;
	char pid[16];
	DIR *list;

	name_targets(&search);
	/* Mostly it is the same process as last time. */
	snprintf(pid, sizeof(pid), "%d", (int)*last);
	if (*last != 0 && uses_it(pid, &search))
		return true;
	*last = 0;
	list = opendir("/proc");
	while (list && *last == 0 && (entry = readdir(list))) {
		pid_t each = (pid_t)atoi(entry->d_name); /* 0: no process */

		if (each > 0 && each != getpid() && uses_it(entry->d_name, &search))
			*last = each;
	}
	if (list)
		closedir(list);
	return *last != 0;
}
