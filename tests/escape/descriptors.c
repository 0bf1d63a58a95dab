/*
 * Descriptors above 2 that a child could have inherited, and locks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_any(void)
{
	struct stat status;

	for (int fd = 3; fd < 1024; fd++) {
		if (fd != scene.root && fstat(fd, &status) == 0) {
			say("descriptor %d is open", fd);
			return ESCAPED;
		}
	}
	return EBADF;
}

static int read_inherited(void)
{
	return steal(scene.secret_fd);
}

static int open_below_inherited(void)
{
	return steal(openat(scene.home_fd, "secret", O_RDONLY));
}

static int create_below_inherited(void)
{
	return why(openat(scene.incoming_fd, "evil", O_WRONLY | O_CREAT, 0644));
}

static int look_below_inherited(void)
{
	struct stat status;

	return why(fstatat(scene.home_fd, "secret", &status, 0));
}

static int change_to_inherited(void)
{
	return fchdir(scene.home_fd) < 0 ? errno : steal(openat(AT_FDCWD, "secret", O_RDONLY));
}

static int answer_the_sender(void)
{
	static const char success[20];

	return why(write(scene.answer_fd, success, sizeof(success)));
}

static int stop_the_monitor(void)
{
	const uint64_t one = 1;

	return why(write(scene.stop_fd, &one, sizeof(one)));
}

/* Its staging directory's lock is on the open directory that the child's was made from. */
static int unlock_inherited(void)
{
	for (int fd = 3; fd < 64; fd++) {
		if (fd != scene.root && flock(fd, LOCK_UN) == 0)
			return ESCAPED;
	}
	return errno;
}

static int lock_incoming(void)
{
	int fd = openat(AT_FDCWD, scene.incoming, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? errno : why(flock(fd, LOCK_EX | LOCK_NB));
}

/* Signals by the back door: a descriptor tells its owner when something happens. */
static int own_descriptor_for_another(void)
{
	return why(fcntl(STDOUT_FILENO, F_SETOWN, scene.victim));
}

static int choose_its_signal(void)
{
	return fcntl(STDOUT_FILENO, F_SETOWN, scene.victim) < 0
		       ? errno
		       : why(fcntl(STDOUT_FILENO, F_SETSIG, SIGKILL));
}

const struct attempt descriptor_attempts[] = {
	{"inherited", "find an open descriptor other than the root's", "there is one", find_any,
	 NULL},
	{"inherited-file", "read a file that is open in the monitor", "its content", read_inherited,
	 NULL},
	{"inherited-directory", "open a file below a directory that is open in the monitor",
	 "its content", open_below_inherited, NULL},
	{"inherited-create", "create a file in the incoming directory by the monitor's descriptor",
	 "it is there", create_below_inherited, NULL},
	{"inherited-stat", "find out what is below a directory that is open in the monitor",
	 "it is found", look_below_inherited, NULL},
	{"inherited-chdir", "change to a directory that is open in the monitor",
	 "a secret in it is read", change_to_inherited, NULL},
	{"answer", "answer the sender in the monitor's place", "the sender reads it",
	 answer_the_sender, NULL},
	{"stop", "make the monitor believe that the user wants to stop", "it says so",
	 stop_the_monitor, NULL},
	{"unlock", "unlock the staging directory", "an inherited descriptor takes it",
	 unlock_inherited, NULL},
	{"lock-incoming", "lock all other receivers out", "the lock is had", lock_incoming, NULL},
	{"set-owner", "have another process signalled by F_SETOWN", "the kernel takes it",
	 own_descriptor_for_another, NULL},
	{"set-signal", "have another process killed by F_SETSIG", "the kernel takes it",
	 choose_its_signal, NULL},
	{0},
};
