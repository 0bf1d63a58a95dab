/*
 * What /proc says of processes.
 *
 * The room lib/open/holders: which processes have a file, and which may have been handed it. It may
 * use lib/io and system/. It looks at processes and changes nothing. What cannot be seen is an
 * error everywhere here, and never "no".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HOLDERS_PROCESS_H
#define HOLDERS_PROCESS_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of a process's name, with its NUL: the kernel keeps no more. */
#define PROCESS_NAME_SIZE 16

struct process {
	pid_t pid, parent;
	uint64_t start; /* when it was started: with the PID, this is one process for ever */
	bool of_kernel; /* no program, but a thread of the kernel's */
	char name[PROCESS_NAME_SIZE];
};

/* What a program is: no two that run at the same time have the same. */
struct program {
	dev_t device;
	ino_t inode;
};

/*
 * Open the directory of a process in /proc. What is read there is of this process, even if another
 * one gets its number. -ESRCH: there is no such process. Otherwise the errno of opening.
 */
int process_open(pid_t pid);
/* Read what the kernel says of the process that is open as `dir`. -ESRCH: it has ended. */
int process_read(int dir, struct process *process);
/* What has become of a process? */
enum process_state {
	PROCESS_LIVES,
	PROCESS_EXITED,
	PROCESS_GONE, /* whoever started it knows how it has ended */
	/* A signal has ended it, or ends it just now; or a shell says so of one that it started. */
	PROCESS_KILLED,
};

enum process_state process_state(pid_t pid);
/*
 * Is it one of our own account? 1, 0, or a negative errno. One that has privileges or secrets may
 * belong to us, and show nothing more.
 */
int process_is_ours(int dir);
/* Which program it runs. */
int process_program(int dir, struct program *program);
bool program_same(const struct program *a, const struct program *b);
/*
 * The name of the file that it runs, if that is all that counts: "python3.11". -ENOENT: there is
 * none.
 */
int process_program_name(int dir, char *name, size_t size);
/*
 * Does `judge` accept any of the parts of the file `name`, which `delimiter` ends? 1, 0, or a
 * negative errno. Parts end with a NUL.
 */
int process_any(int dir, const char *name, char delimiter,
		bool (*judge)(const char *part, void *argument), void *argument);
/*
 * Call `visit` for each process but our own, with its directory open, until one returns something
 * other than 0; that is returned. -EXDEV: /proc is not that of our processes. Otherwise the errno
 * of reading /proc.
 */
int process_each(int (*visit)(pid_t pid, int dir, void *argument), void *argument);

#endif
