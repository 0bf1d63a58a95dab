/*
 * Other processes: signals, their memory, environments, descriptors, and the caller's terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int signal_victim(void)
{
	return why(kill(scene.victim, 0));
}

static int trace_victim(void)
{
	return why(ptrace(PTRACE_SEIZE, scene.victim, NULL, NULL));
}

/* What started us. */
static int trace_parent(void)
{
	return why(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static int read_parent(void)
{
	static char own[16];
	char bytes[sizeof(own)];
	struct iovec here = {bytes, sizeof(bytes)}, there = {own, sizeof(own)};

	return why(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int open_victim(void)
{
	return why(syscall(SYS_pidfd_open, scene.victim, 0));
}

static int take_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);

	return fd < 0 ? errno : why(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int slow_victim(void)
{
	FILE *file;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", scene.victim);
	file = fopen(path, "w");
	return file ? ESCAPED : errno;
}

/* In what every process was started with. */
static int find_word(const char *name)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char path[512];

	while (processes && (entry = readdir(processes))) {
		snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, name);
		if (find_in(path, scene.word) == ESCAPED)
			return ESCAPED;
	}
	return ENODATA;
}

static int read_environments(void)
{
	return find_word("environ");
}

static int own_environment(void)
{
	for (char **each = environ; *each; each++) {
		if (strstr(*each, scene.word))
			return ESCAPED;
	}
	return ENODATA;
}

/* Where the descriptors of a process lead. */
static bool leads_out(const char *process)
{
	char path[512], target[512];
	DIR *fds;
	struct dirent *entry;
	bool out = false;

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	fds = opendir(path);
	while (fds && !out && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		out = strncmp(target, scene.home, strlen(scene.home)) == 0 ||
		      strncmp(target, "socket:", 7) == 0;
	}
	if (fds)
		closedir(fds);
	return out;
}

static int find_descriptors(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		if (leads_out(entry->d_name))
			return ESCAPED;
	}
	return EBADF;
}

/* Of the file that the caller has as stdin, which is theirs to read only: run.py looks at it. */
static int write_stdin(void)
{
	int fd = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK);
	char path[64];
	ssize_t n = readlink("/proc/self/fd/0", path, sizeof(path) - 1);

	if (fd < 0 || n < 0)
		return errno;
	path[n] = '\0';
	return path[0] == '/' ? why(pwrite(fd, "evil", 4, 0)) : ESPIPE;
}

static int open_terminal(void)
{
	return why(open("/dev/tty", O_RDWR));
}

static int type_into_terminal(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (ioctl(fd, TIOCSTI, "x") == 0)
			return ESCAPED;
	}
	return why(ioctl(open("/dev/tty", O_RDWR), TIOCSTI, "x"));
}

static int find_terminals(void)
{
	return why(open("/dev/pts/0", O_WRONLY | O_NOCTTY));
}

const struct attempt process_attempts[] = {
	{"signal", "signal a process of the user", signal_victim, NULL},
	{"trace", "trace a process of the user", trace_victim, SETTING},
	{"trace-parent", "trace what started it", trace_parent, SETTING},
	{"read-parent", "read the memory of what started it", read_parent, SETTING},
	{"pidfd", "open a process of the user", open_victim, NULL},
	{"take-descriptor", "take a descriptor of what started it", take_descriptor, SETTING},
	{"oom", "have a process of the user killed first", slow_victim, NULL},
	{"environments", "read the environment of any process", read_environments, NULL},
	{"environment", "find the caller's environment in its own", own_environment, NULL},
	{"descriptors", "find a descriptor that leads out", find_descriptors, NULL},
	{"stdin", "write to the file that the caller reads from", write_stdin, NULL},
	{"terminal", "open the caller's terminal", open_terminal, NULL},
	{"tiocsti", "type into the caller's terminal", type_into_terminal, SETTING},
	{"terminals", "open somebody's terminal", find_terminals, "it is somebody else's"},
	{0},
};
