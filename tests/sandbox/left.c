/*
 * What stays when the service has ended, which run.py looks for, and what can be used up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

#define MANY  64               /* processes, for a sandbox of 16 */
#define MUCH  (200L << 20)     /* bytes of memory, for one of 64 MiB */
#define LARGE ((off_t)8 << 20) /* bytes of a file, for one of 2 MiB */

/* ---- What stays ---- */

/* Not of its session, and without its descriptors. It is waited for until it is called so. */
static int leave_process(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		return errno;
	if (pid == 0) {
		setsid();
		if (fork() > 0)
			_exit(0);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		prctl(PR_SET_NAME, scene.mark);
		for (int fd = 0; fd < 64; fd++)
			close(fd);
		for (;;)
			pause();
	}
	close(ready[1]);
	return why(read(ready[0], &byte, 1));
}

/* In every directory that can be written. */
static int leave_files(void)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm",   "/run", "/dev",
					     "/var", "/opt",     "/usr/local", "/"};
	char path[512];
	int made = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], scene.mark);
		made += open(path, O_WRONLY | O_CREAT, 0600) >= 0;
	}
	return made > 0 ? ESCAPED : EROFS;
}

static int leave_memory(void)
{
	return why(shmget(scene.key + 1, 4096, IPC_CREAT | 0600));
}

const struct attempt left_attempts[] = {
	{"leave-process", "leave a process behind", leave_process, NULL},
	{"leave-files", "leave files behind", leave_files, NULL},
	{"leave-memory", "leave shared memory behind", leave_memory, NULL},
	{0},
};

/* ---- What can be used up ---- */

static int use_processes(void)
{
	pid_t pids[MANY];
	int count = 0, error = 0;

	while (count < MANY && (pids[count] = fork()) >= 0) {
		if (pids[count++] == 0) {
			pause();
			_exit(0);
		}
	}
	error = count < MANY ? errno : ESCAPED;
	while (count > 0)
		kill(pids[--count], SIGKILL);
	return error;
}

static int use_memory(void)
{
	char *memory = malloc(MUCH);

	if (!memory)
		return errno;
	for (long i = 0; i < MUCH; i += 4096)
		memory[i] = 1;
	return ESCAPED;
}

/* A file of this size in one of the places. */
static int use_space(void)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm",   "/dev",
					     "/run", "/",        "/home/user", "/tmp/runtime-user"};
	static char zeros[1 << 20];
	char path[512];
	int error = EROFS;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		off_t done = 0;
		int fd;

		snprintf(path, sizeof(path), "%s/qfile-evil-%d", places[i], getpid());
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		while (fd >= 0 && done < LARGE) {
			ssize_t n = write(fd, zeros, sizeof(zeros));

			if (n <= 0)
				break;
			done += n;
		}
		if (fd >= 0 && done < LARGE)
			error = errno;
		if (fd >= 0) {
			close(fd);
			unlink(path);
		}
		if (done >= LARGE)
			return ESCAPED;
	}
	return error;
}

const struct attempt limit_attempts[] = {
	{"processes", "start 64 processes where 16 are allowed", use_processes, NULL},
	{"memory", "use 200 MiB where 64 are allowed", use_memory, NULL},
	{"space", "write 8 MiB where 2 are allowed", use_space, NULL},
	{0},
};
