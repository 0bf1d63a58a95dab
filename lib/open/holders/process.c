/*
 * What /proc says of processes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/holders/process.h"
#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What has ended while it was looked at is as good as never seen. */
static int gone(int code)
{
	return code == ENOENT || code == ESRCH ? -ESRCH : -code;
}

int process_open(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? gone(errno) : fd;
}

/* Read the beginning of a file, as a text. */
static int read_text(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), r = 0;
	ssize_t n;

	if (fd < 0)
		return gone(errno);
	n = read(fd, text, size - 1);
	if (n < 0)
		r = gone(errno);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return r;
}

int process_read(int dir, struct process *process)
{
	static const unsigned kernel = 0x200000; /* PF_KTHREAD of it, in the field "flags" */
	char text[1024], state;
	const char *name, *end;
	int r = read_text(dir, "stat", text, sizeof(text)), parent;
	unsigned flags;

	if (r < 0)
		return r;
	/* The name may contain any bytes, brackets too. */
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end ||
	    sscanf(end,
		   ") %c %d %*d %*d %*d %*d %u %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &state, &parent, &flags, &process->start) != 4)
		return -EBADMSG;
	process->pid = (pid_t)atoi(text);
	process->parent = parent;
	process->of_kernel = flags & kernel;
	snprintf(process->name, sizeof(process->name), "%.*s", (int)(end - name - 1), name + 1);
	return state == 'Z' || state == 'X' ? -ESRCH : 0;
}

/* From the moment when a process ends until somebody has waited for it. */
static enum process_state state_of_end(unsigned status)
{
	const int end = (int)status;

	return WIFSIGNALED(end) || (WIFEXITED(end) && WEXITSTATUS(end) > 128) ? PROCESS_KILLED
									      : PROCESS_EXITED;
}

enum process_state process_state(pid_t pid)
{
	static const unsigned exiting = 0x4; /* PF_EXITING of the kernel, in the field "flags" */
	int dir = process_open(pid), r = dir;
	char text[1024], state = '?';
	unsigned flags = 0;
	const char *end, *status;

	if (dir >= 0) {
		r = read_text(dir, "stat", text, sizeof(text));
		close(dir);
	}
	if (r < 0)
		return r == -ESRCH ? PROCESS_GONE : PROCESS_LIVES;
	end = strrchr(text, ')');
	/* The status is the last field. */
	status = strrchr(text, ' ');
	if (!end || sscanf(end, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return PROCESS_LIVES;
	if (state != 'Z' && state != 'X' && !(flags & exiting))
		return PROCESS_LIVES;
	return state_of_end((unsigned)strtoul(status, NULL, 10));
}

static bool is_our_number(const char *line, void *argument)
{
	unsigned real, effective;

	(void)argument;
	return sscanf(line, "Uid: %u %u", &real, &effective) == 2 &&
	       (real == getuid() || effective == geteuid());
}

int process_is_ours(int dir)
{
	struct stat status;

	if (fstat(dir, &status) < 0)
		return gone(errno);
	if (status.st_uid == geteuid())
		return 1;
	/* What hides from its own account seems to belong to root. */
	return status.st_uid == 0 ? process_any(dir, "status", '\n', is_our_number, NULL) : 0;
}

int process_program(int dir, struct program *program)
{
	struct stat status;

	if (fstatat(dir, "exe", &status, 0) < 0)
		return gone(errno);
	*program = (struct program){.device = status.st_dev, .inode = status.st_ino};
	return 0;
}

bool program_same(const struct program *a, const struct program *b)
{
	return a->device == b->device && a->inode == b->inode;
}

int process_program_name(int dir, char *name, size_t size)
{
	char path[PATH_MAX];
	const char *slash;
	ssize_t n = readlinkat(dir, "exe", path, sizeof(path) - 1);

	if (n <= 0)
		return n < 0 ? gone(errno) : -ENOENT;
	path[n] = '\0';
	slash = strrchr(path, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : path);
	return 0;
}

int process_any(int dir, const char *name, char delimiter,
		bool (*judge)(const char *part, void *argument), void *argument)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), r = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *part = NULL;
	size_t size = 0;

	if (!file) {
		r = gone(errno);
		if (fd >= 0)
			close(fd);
		return r;
	}
	errno = 0;
	while (r == 0 && getdelim(&part, &size, delimiter, file) >= 0)
		r = judge(part, argument);
	if (r == 0 && !feof(file))
		r = errno ? gone(errno) : -EIO;
	free(part);
	fclose(file);
	return r;
}

/* In another namespace of processes, the numbers in /proc are not ours. */
static int check_proc(void)
{
	char text[16];
	ssize_t n = readlinkat(AT_FDCWD, "/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return atoi(text) == getpid() ? 0 : -EXDEV;
}

static int visit_one(const char *name, int (*visit)(pid_t pid, int dir, void *argument),
		     void *argument)
{
	pid_t pid = (pid_t)atoi(name); /* 0: no process */
	int dir, r;

	if (pid <= 0 || pid == getpid())
		return 0;
	dir = process_open(pid);
	if (dir < 0)
		return dir == -ESRCH ? 0 : dir;
	r = visit(pid, dir, argument);
	close(dir);
	return r;
}

int process_each(int (*visit)(pid_t pid, int dir, void *argument), void *argument)
{
	const struct dirent *entry;
	int r = check_proc(), fd;
	DIR *list;

	if (r < 0)
		return r;
	fd = openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = directory_read(fd);
	if (!list)
		return -errno;
	do {
		errno = 0;
		entry = readdir(list);
		r = entry ? visit_one(entry->d_name, visit, argument) : -errno;
	} while (entry && r == 0);
	closedir(list);
	return r;
}
