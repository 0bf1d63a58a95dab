/*
 * Other processes, and becoming more than one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int kill_victim(void)
{
	return why(kill(scene.victim, SIGKILL));
}

static int kill_monitor(void)
{
	return why(kill(scene.monitor, SIGKILL));
}

/*
 * The process group is the monitor's: namespaces do not divide it. That we may signal ourselves is
 * no success, and run.py sees whether more died.
 */
static int kill_group(void)
{
	return kill(0, SIGKILL) < 0 ? errno : ESRCH;
}

/* Signal 0 asks whether one could: nobody is to be harmed where that goes wrong. */
static int kill_everybody(void)
{
	return why(kill(-1, 0));
}

/* By its number kill(2) finds a thread's process: our own is no escape. */
static bool is_own_thread(pid_t pid)
{
	return syscall(SYS_tgkill, getpid(), pid, 0) == 0;
}

static int kill_each(void)
{
	int error = 0;

	for (pid_t pid = 2; pid <= scene.victim; pid++) {
		if (pid == scene.monitor)
			continue;
		if (kill(pid, 0) < 0)
			error = errno;
		else if (!is_own_thread(pid))
			return ESCAPED;
	}
	return error;
}

static int kill_thread(void)
{
	return why(syscall(SYS_tgkill, scene.victim, scene.victim, SIGKILL));
}

static int queue_signal(void)
{
	siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};

	return why(syscall(SYS_rt_sigqueueinfo, scene.victim, SIGTERM, &info));
}

static int open_process(void)
{
	return why(syscall(SYS_pidfd_open, scene.victim, 0));
}

static int signal_by_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, scene.victim, 0);

	return fd < 0 ? errno : why(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
}

static int take_descriptor(void)
{
	int fd = (int)syscall(SYS_pidfd_open, scene.victim, 0);

	return fd < 0 ? errno : why(syscall(SYS_pidfd_getfd, fd, 0, 0));
}

static int trace(pid_t pid)
{
	return why(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
}

static int trace_victim(void)
{
	return trace(scene.victim);
}

static int trace_monitor(void)
{
	return trace(scene.monitor);
}

static int move_memory(long number, pid_t pid)
{
	struct iovec here = {.iov_base = &scene.key, .iov_len = sizeof(scene.key)}, there = here;

	return why(syscall(number, pid, &here, 1, &there, 1, 0));
}

static int read_memory(void)
{
	return move_memory(SYS_process_vm_readv, scene.monitor);
}

static int write_memory(void)
{
	return move_memory(SYS_process_vm_writev, scene.monitor);
}

static int write_memory_by_proc(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", scene.monitor);
	return why(openat(AT_FDCWD, path, O_WRONLY));
}

static int outlive_the_monitor(void)
{
	return why(prctl(PR_SET_PDEATHSIG, 0));
}

static int become_dumpable(void)
{
	return why(prctl(PR_SET_DUMPABLE, 1));
}

static int slow_down(void)
{
	return why(setpriority(PRIO_PROCESS, (id_t)scene.victim, 19));
}

static int schedule(void)
{
	return why(sched_setscheduler(scene.victim, SCHED_BATCH,
				      &(struct sched_param){.sched_priority = 0}));
}

static int pin_to_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return why(sched_setaffinity(scene.victim, sizeof(set), &set));
}

static int limit_another(void)
{
	const struct rlimit limit = {0, 0};

	return why(prlimit(scene.victim, RLIMIT_FSIZE, &limit, NULL));
}

/* What became of a call that returns in two processes: the second ends at once. */
static int if_forked(long pid)
{
	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return why(pid);
}

static int fork_once(void)
{
	return if_forked(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

#ifdef SYS_fork
static int fork_old_way(void)
{
	return if_forked(syscall(SYS_fork));
}
#endif

static int clone3_once(void)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};

	return if_forked(syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static int end_thread(void *unused)
{
	(void)unused;
	syscall(SYS_exit, 0);
	return 0;
}

static int start_thread(void)
{
	static char stack[16384] __attribute__((aligned(16)));

	return why(clone(end_thread, stack + sizeof(stack),
			 CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				 CLONE_SYSVSEM,
			 NULL));
}

/* A program is a success only once it runs: it says so itself. */
static int run(int fd, const char *path, int flags)
{
	char *arguments[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo ESCAPED >&2; exit 1"},
			     NULL},
	     *environment[] = {NULL};

	return why(syscall(SYS_execveat, fd, path, arguments, environment, flags));
}

static int run_shell(void)
{
	return run(AT_FDCWD, "/bin/sh", 0);
}

static int run_shell_old_way(void)
{
	char *arguments[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo ESCAPED >&2; exit 1"},
			     NULL},
	     *environment[] = {NULL};

	return why(execve("/bin/sh", arguments, environment));
}

/*
 * A program for x86-64 that writes "ESCAPED\n" to stderr and exits: needs no loader, no libraries.
 */
static const unsigned char program[] = {
	0x7f, 'E',  'L',  'F',  2,   1,    1,   0,    0,    0,    0,    0,    0,    0,    0,
	0,    2,    0,    62,   0,   1,    0,   0,    0,    0x78, 0,    0x40, 0,    0,    0,
	0,    0,    64,   0,    0,   0,    0,   0,    0,    0,    0,    0,    0,    0,    0,
	0,    0,    0,    0,    0,   0,    0,   64,   0,    56,   0,    1,    0,    0,    0,
	0,    0,    0,    0, /* one segment: */
	1,    0,    0,    0,    5,   0,    0,   0,    0,    0,    0,    0,    0,    0,    0,
	0,    0,    0,    0x40, 0,   0,    0,   0,    0,    0,    0,    0x40, 0,    0,    0,
	0,    0,    0xa2, 0,    0,   0,    0,   0,    0,    0,    0xa2, 0,    0,    0,    0,
	0,    0,    0,    0,    16,  0,    0,   0,    0,    0,    0, /* and its code: */
	0xb8, 1,    0,    0,    0,   0xbf, 2,   0,    0,    0,    0x48, 0x8d, 0x35, 0x11, 0,
	0,    0,    0xba, 8,    0,   0,    0,   0x0f, 0x05, 0xb8, 60,   0,    0,    0,    0x31,
	0xff, 0x0f, 0x05, 0x90, 'E', 'S',  'C', 'A',  'P',  'E',  'D',  '\n',
};

static int run_own_file(void)
{
	int fd = make_file("program", 0755);

	if (fd < 0 || pwrite(fd, program, sizeof(program), 0) < 0 || close(fd) < 0)
		return errno;
	return run(scene.root, "program", 0);
}

static int run_own_memory(void)
{
	int fd = (int)syscall(SYS_memfd_create, "program", 0);

	if (fd < 0 || pwrite(fd, program, sizeof(program), 0) < 0)
		return errno;
	return run(fd, "", AT_EMPTY_PATH);
}

#if defined(__x86_64__)
#define NOT_OURS NULL
#else
#define NOT_OURS "the program is one for x86-64"
#endif
#define REACHES "it is signalled, or could be"
#define DOES    "the kernel does it"
#define STARTS  "it starts"
#define RUNS    "the program runs"
#define NO_LOOK "the monitor lets nobody look into it"

const struct attempt process_attempts[] = {
	{"kill", "kill another process of the user", REACHES, kill_victim, NULL},
	{"kill-monitor", "kill the monitor", REACHES, kill_monitor, NULL},
	{"kill-group", "kill the process group", REACHES, kill_group, NULL},
	{"kill-everybody", "signal all processes at once", REACHES, kill_everybody, NULL},
	{"kill-each", "signal each process in turn", REACHES, kill_each, NULL},
	{"tgkill", "kill a thread", REACHES, kill_thread, NULL},
	{"sigqueue", "queue a signal", REACHES, queue_signal, NULL},
	{"pidfd-open", "open another process", DOES, open_process, NULL},
	{"pidfd-signal", "kill another process by descriptor", REACHES, signal_by_descriptor, NULL},
	{"pidfd-getfd", "take a descriptor from another process", DOES, take_descriptor,
	 "Yama may forbid it"},
	{"ptrace", "trace another process", DOES, trace_victim, "Yama may forbid it"},
	{"ptrace-monitor", "trace the monitor", DOES, trace_monitor, NO_LOOK},
	{"vm-read", "read the monitor's memory", DOES, read_memory, NO_LOOK},
	{"vm-write", "write to the monitor's memory", DOES, write_memory, NO_LOOK},
	{"proc-mem", "open the monitor's memory in /proc", DOES, write_memory_by_proc, NO_LOOK},
	{"outlive", "stay alive when the monitor dies", DOES, outlive_the_monitor, NULL},
	{"dumpable", "become dumpable again", DOES, become_dumpable, NULL},
	{"setpriority", "slow another process down", DOES, slow_down, NULL},
	{"sched", "change how another process is scheduled", DOES, schedule, NULL},
	{"affinity", "pin another process to one processor", DOES, pin_to_processor, NULL},
	{"prlimit-other", "limit another process", DOES, limit_another, NULL},
	{"fork", "start a process with clone", STARTS, fork_once, NULL},
#ifdef SYS_fork
	{"fork-old", "start a process with the old fork", STARTS, fork_old_way, NULL},
#endif
	{"clone3", "start a process with clone3", STARTS, clone3_once, NULL},
	{"thread", "start a thread", STARTS, start_thread, NULL},
	{"execveat", "run /bin/sh with execveat", RUNS, run_shell, NULL},
	{"execve", "run /bin/sh with execve", RUNS, run_shell_old_way, NULL},
	{"exec-file", "run a program that was staged", RUNS, run_own_file, NOT_OURS},
	{"exec-memory", "run a program from a memory file", RUNS, run_own_memory, NOT_OURS},
	{0},
};
