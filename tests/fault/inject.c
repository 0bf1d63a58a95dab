/*
 * inject: run a program, note the system calls that it and its children make, and make one of them
 * go wrong.
 *
 *   inject [--alone] [--hold] [--flagless] --log=FILE [--fault=ROLE,NAME,N,WHAT]... COMMAND...
 *
 * A role is a process, numbered in the order of their creation: the program is 0, the first
 * child 1. N counts a role's calls of that NAME. WHAT is the number of an errno, that the call
 * returns without being made; "kill": the process dies of SIGKILL in place of the call; or
 * "killall": all of them die.
 *
 * --flagless: renameat2() takes no flags, in no process, as on many file systems.
 *
 * Unlike strace's own faults these strike one process and not each, and the confined child too: its
 * list of allowed system calls would kill it for the call "-1" that strace puts in the place of one
 * that is to fail. brk(0), which changes nothing, is on the list.
 *
 * Counting begins with the first call of main(), in both programs: it opens /dev/null. What the
 * dynamic linker does before is not ours.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h> /* after the other: it has what the C library calls by names of its own */

#define MAX_ROLES  32
#define MAX_CALLS  1024
#define MAX_FAULTS 4
#define KILL_ONE   (-1)
#define KILL_ALL   (-2)

struct fault {
	unsigned role, n;
	int call, what; /* KILL_ONE, KILL_ALL or an errno */
};

struct process {
	pid_t pid;
	bool alive;
	unsigned counts[MAX_CALLS];
	int call; /* that it is in; -1: none */
	uint64_t args[6];
	int failing; /* the errno that this call is to return, or 0 */
	/* What the call's first argument is, where it is a descriptor that we may look at. */
	char path[PATH_MAX];
#ifdef __x86_64__
	struct user_regs_struct saved;
#endif
};

static struct process processes[MAX_ROLES];
static unsigned process_count;
static struct fault faults[MAX_FAULTS];
static unsigned fault_count;
static bool started; /* main() has begun */
static bool flagless;
static FILE *trace;

static struct fault parse_fault(char *text)
{
	char *role = strtok(text, ","), *name = strtok(NULL, ","), *n = strtok(NULL, ","),
	     *what = strtok(NULL, ",");
	struct fault fault;

	if (!what)
		errx(2, "--fault takes ROLE,NAME,N,WHAT");
	fault.role = (unsigned)strtoul(role, NULL, 10);
	fault.n = (unsigned)strtoul(n, NULL, 10);
	fault.call = seccomp_syscall_resolve_name(name);
	fault.what = strcmp(what, "kill") == 0      ? KILL_ONE
		     : strcmp(what, "killall") == 0 ? KILL_ALL
						    : atoi(what);
	if (fault.call < 0 || fault.n == 0 || fault.what == 0)
		errx(2, "--fault: %s of %s", what, name);
	return fault;
}

static const char *call_name(int call)
{
	static char *names[MAX_CALLS];

	if (!names[call])
		names[call] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
	return names[call] ? names[call] : "unknown";
}

/* ---- One call ---- */

#ifdef __x86_64__
static void replace_call(struct process *process)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &regs) < 0)
		return; /* killed meanwhile by somebody else */
	process->saved = regs;
	regs.orig_rax = SYS_brk;
	regs.rdi = 0;
	ptrace(PTRACE_SETREGS, process->pid, NULL, &regs);
}

static void return_error(struct process *process)
{
	struct user_regs_struct regs;

	process->saved.rax = (unsigned long long)-process->failing;
	/* brk() says that it failed by returning what brk(0) returns. */
	if (process->call == SYS_brk && ptrace(PTRACE_GETREGS, process->pid, NULL, &regs) == 0)
		process->saved.rax = regs.rax;
	ptrace(PTRACE_SETREGS, process->pid, NULL, &process->saved);
}
#else
static void replace_call(struct process *process)
{
	(void)process;
	errx(2, "making a call fail is only known for x86-64");
}

static void return_error(struct process *process)
{
	(void)process;
}
#endif

static bool opens_dev_null(const struct process *process)
{
	static const char path[16] = "/dev/null";
	char text[16];

	if (process->call != SYS_openat)
		return false;
	for (size_t i = 0; i < sizeof(text); i += sizeof(long)) {
		long word =
			ptrace(PTRACE_PEEKDATA, process->pid, (void *)(process->args[1] + i), NULL);

		memcpy(text + i, &word, sizeof(word));
	}
	return memcmp(text, path, sizeof("/dev/null")) == 0;
}

/* The descriptor as it is before the call, which may close it. */
static void look_at_descriptor(struct process *process)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)process->pid, (int)process->args[0]);
	n = (int)process->args[0] < 0 ? -1
				      : readlink(link, process->path, sizeof(process->path) - 1);
	process->path[n < 0 ? 0 : n] = '\0';
}

static void strike(struct process *process, const struct fault *fault)
{
	fprintf(trace, "# %u %s %u\n", fault->role, call_name(fault->call), fault->n);
	if (fault->what == KILL_ONE)
		kill(process->pid, SIGKILL);
	for (unsigned i = 0; fault->what == KILL_ALL && i < process_count; i++) {
		if (processes[i].alive)
			kill(processes[i].pid, SIGKILL);
	}
	if (fault->what > 0) {
		process->failing = fault->what;
		replace_call(process);
	}
}

/*
 * ROLE NAME N RESULT, three arguments in hexadecimal, and the path or kind of the descriptor that
 * is the first.
 */
static void note(const struct process *process, long result)
{
	const uint64_t *args = process->args;

	fprintf(trace, "%u %s %u %ld %lx %lx %lx %s\n", (unsigned)(process - processes),
		call_name(process->call), process->counts[process->call], result, (long)args[0],
		(long)args[1], (long)args[2], process->path);
}

static void enter_call(struct process *process, const struct ptrace_syscall_info *info)
{
	unsigned role = (unsigned)(process - processes), n;

	process->call = info->entry.nr < MAX_CALLS ? (int)info->entry.nr : -1;
	memcpy(process->args, info->entry.args, sizeof(process->args));
	started = started || opens_dev_null(process);
	if (!started || process->call < 0)
		return;
	n = ++process->counts[process->call];
	look_at_descriptor(process);
	for (unsigned i = 0; i < fault_count; i++) {
		if (faults[i].role == role && faults[i].call == process->call && faults[i].n == n)
			strike(process, &faults[i]);
	}
	if (flagless && process->call == SYS_renameat2 && (uint32_t)process->args[4] != 0 &&
	    !process->failing) {
		process->failing = EINVAL;
		replace_call(process);
	}
	if (process->call == SYS_exit_group) /* returns to nobody */
		note(process, 0);
}

static void leave_call(struct process *process, const struct ptrace_syscall_info *info)
{
	if (process->failing)
		return_error(process);
	if (started && process->call >= 0)
		note(process, process->failing ? -process->failing : (long)info->exit.rval);
	process->failing = 0;
	process->call = -1;
}

static void stop_at_call(struct process *process)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <= 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(process, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(process, &info);
}

/* ---- All of them ---- */

static struct process *find(pid_t pid)
{
	for (unsigned i = 0; i < process_count; i++) {
		if (processes[i].pid == pid && processes[i].alive)
			return &processes[i];
	}
	if (process_count == MAX_ROLES)
		errx(2, "more than %d processes", MAX_ROLES);
	processes[process_count] = (struct process){.pid = pid, .alive = true, .call = -1};
	return &processes[process_count++];
}

static pid_t start(char **command, bool alone)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
	int go[2], null;
	char byte;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		err(2, "starting");
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) == 0)
			execvp(*command, command);
		_exit(127);
	}
	if (!alone)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		err(2, "tracing");
	/*
	 * The stream and the answer are the program's: while we held them, its death would not show
	 * at the other end.
	 */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		err(2, "/dev/null");
	close(go[0]);
	close(go[1]);
	return pid;
}

/* Let a stopped process go on: its signals are its own, our stops are not. */
static void resume(const struct process *process, int status)
{
	bool signal = status >> 16 == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80);

	ptrace(PTRACE_SYSCALL, process->pid, NULL, signal ? WSTOPSIG(status) : 0);
}

/*
 * Trace until all have ended. `hold`: the first child does not begin before the program is dead.
 * Returns the program's status.
 */
static int follow(bool hold)
{
	int status, result = 0, held_status = 0;
	struct process *held = NULL;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *process = find(pid);

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			process->alive = false;
			if (process == processes)
				result = status;
			if (process == processes && held)
				resume(held, held_status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			stop_at_call(process);
		if (hold && process == &processes[1] && processes[0].alive) {
			held = process;
			held_status = status;
		} else {
			resume(process, status);
		}
	}
	return result;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"alone", no_argument, NULL, 'a'},       {"hold", no_argument, NULL, 'h'},
		{"flagless", no_argument, NULL, 'n'},    {"log", required_argument, NULL, 'l'},
		{"fault", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0},
	};
	bool alone = false, hold = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) >= 0) {
		if (option == 'f' && fault_count < MAX_FAULTS)
			faults[fault_count++] = parse_fault(optarg);
		else if (option == 'l')
			trace = fopen(optarg, "we");
		else if (option == 'a')
			alone = true;
		else if (option == 'h')
			hold = true;
		else if (option == 'n')
			flagless = true;
		else
			errx(2, "wrong option");
	}
	if (!trace || !argv[optind])
		errx(2, "--log=FILE and a command are needed");
	find(start(argv + optind, alone));
	status = follow(hold);
	if (fclose(trace) != 0)
		err(2, "the log");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
