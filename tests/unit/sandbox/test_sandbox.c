/*
 * The two layers that need no namespace, each alone: what is allowed goes, what is not fails or
 * kills.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * What the child does; 0 or a positive errno. It works in a directory "inside" with a file "file",
 * beside a file "outside".
 */
typedef int attempt_function(int root);

static int result_of(int r)
{
	return r < 0 ? errno : 0;
}

static int make_a_file(int root)
{
	int fd = openat(root, "new", O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno
		      : result_of((int)pwrite(fd, "x", 1, 0) < 0 || ftruncate(fd, 5) < 0 ||
						  fchmod(fd, 0444) < 0
					  ? -1
					  : 0);
}

static int make_a_directory(int root)
{
	int fd = mkdirat(root, "dir", 0700) < 0
			 ? -1
			 : openat(root, "dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	return fd < 0 ? errno : result_of(futimens(fd, NULL));
}

static int make_a_link(int root)
{
	return result_of(symlinkat("file", root, "link"));
}

static int read_a_file(int root)
{
	return result_of(openat(root, "file", O_RDONLY));
}

static int write_outside(int root)
{
	return result_of(openat(root, "../outside", O_WRONLY));
}

static int read_outside(int root)
{
	return result_of(openat(root, "../outside", O_RDONLY));
}

static int make_outside(int root)
{
	return result_of(mkdirat(root, "../dir", 0700));
}

static int remove_a_file(int root)
{
	return result_of(unlinkat(root, "file", 0));
}

static int make_a_fifo(int root)
{
	return result_of(mkfifoat(root, "fifo", 0600));
}

static int rename_a_file(int root)
{
	return result_of(renameat(root, "file", root, "other"));
}

static int open_a_socket(int root)
{
	(void)root;
	return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int set_an_id(int root)
{
	int fd = openat(root, "new", O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? errno : result_of(fchmod(fd, 04755));
}

static int create_with_an_id(int root)
{
	return result_of(openat(root, "new", O_WRONLY | O_CREAT | O_EXCL, 06755));
}

static int map_for_running(int root)
{
	(void)root;
	return result_of(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0) == MAP_FAILED
				 ? -1
				 : 0);
}

static int start_a_process(int root)
{
	(void)root;
	return result_of(fork());
}

static int signal_the_parent(int root)
{
	(void)root;
	return result_of(kill(getppid(), 0));
}

static int work_in_current_directory(int root)
{
	return result_of(openat(AT_FDCWD, "new", O_WRONLY | O_CREAT, 0644) < 0 ? -1 : root);
}

/* As an int of 32 bits stands in a register: the kernel takes no notice of the upper ones. */
static int work_in_current_directory_zero_extended(int root)
{
	return result_of(
		(int)syscall(SYS_mkdirat, (long)(unsigned)AT_FDCWD, "dir", 0700) < 0 ? -1 : root);
}

static int read_what_it_opened(int root)
{
	char byte;

	return result_of((int)read(root, &byte, 1));
}

static int read_stderr(int root)
{
	char byte;

	(void)root;
	return result_of((int)read(STDERR_FILENO, &byte, 1));
}

static int write_to_stdin(int root)
{
	(void)root;
	return result_of((int)write(STDIN_FILENO, "x", 1));
}

static int write_at_stdin(int root)
{
	(void)root;
	return result_of((int)pwrite(STDIN_FILENO, "x", 1, 0));
}

static int truncate_stderr(int root)
{
	(void)root;
	return result_of(ftruncate(STDERR_FILENO, 0));
}

static int change_mode_of_stderr(int root)
{
	(void)root;
	return result_of(fchmod(STDERR_FILENO, 0600));
}

static int change_times_of_stderr(int root)
{
	(void)root;
	return result_of(futimens(STDERR_FILENO, NULL));
}

static int make_a_directory_below_stdin(int root)
{
	(void)root;
	return result_of(mkdirat(STDIN_FILENO, "dir", 0700));
}

static int make_a_link_below_stdin(int root)
{
	(void)root;
	return result_of(symlinkat("x", STDIN_FILENO, "link"));
}

static int close_stderr(int root)
{
	(void)root;
	return result_of(close(STDERR_FILENO));
}

static int map_a_file(int root)
{
	return result_of(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, root, 0) == MAP_FAILED ? -1 : 0);
}

static int use_the_largest_descriptor(int root)
{
	(void)root;
	return close(MAX_DESCRIPTORS - 1) < 0 && errno == EBADF ? 0 : errno;
}

static int use_a_larger_descriptor(int root)
{
	(void)root;
	return close(MAX_DESCRIPTORS) < 0 && errno == EBADF ? 0 : errno;
}

/*
 * Run `attempt` in a child behind one layer. Returns its errno, or minus the signal that killed it,
 * or -1000 when the layer could not be put in force.
 */
static int run_behind(int (*layer)(int root), attempt_function *attempt)
{
	int root = open_dir("inside"), status;
	pid_t pid = fork();

	MUST(pid);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || layer(root) < 0)
			_exit(255);
		_exit(attempt(root));
	}
	MUST(waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status) == 255 ? -1000 : WEXITSTATUS(status);
}

static void enter_scene(void)
{
	scratch_enter();
	make_dir("inside");
	make_file("inside/file", "x");
	make_file("outside", "x");
}

static const struct {
	const char *name;
	attempt_function *attempt;
	int expected;
} behind_landlock[] = {
	{"make a file", make_a_file, 0},
	{"make a directory", make_a_directory, 0},
	{"make a link", make_a_link, 0},
	{"read a file", read_a_file, EACCES},
	{"write outside", write_outside, EACCES},
	{"read outside", read_outside, EACCES},
	{"make a directory outside", make_outside, EACCES},
	{"remove a file", remove_a_file, EACCES},
	{"rename a file", rename_a_file, EACCES},
	{"make a fifo", make_a_fifo, EACCES},
};

START_TEST(landlock)
{
	int got;

	enter_scene();
	got = run_behind(landlock_confine, behind_landlock[_i].attempt);
	ck_assert_msg(got == behind_landlock[_i].expected, "%s: %d instead of %d",
		      behind_landlock[_i].name, got, behind_landlock[_i].expected);
}
END_TEST

static int syscalls_layer(int root)
{
	(void)root;
	return seccomp_confine();
}

static const struct {
	const char *name;
	attempt_function *attempt;
	int expected;
} behind_syscalls[] = {
	{"make a file", make_a_file, 0},
	{"make a directory", make_a_directory, 0},
	{"make a link", make_a_link, 0},
	{"remove a file", remove_a_file, -SIGSYS},
	{"rename a file", rename_a_file, -SIGSYS},
	{"make a fifo", make_a_fifo, -SIGSYS},
	{"open a socket", open_a_socket, -SIGSYS},
	{"set an ID", set_an_id, -SIGSYS},
	{"create with an ID", create_with_an_id, -SIGSYS},
	{"map memory for running", map_for_running, -SIGSYS},
	{"start a process", start_a_process, -SIGSYS},
	{"signal the parent", signal_the_parent, -SIGSYS},
	{"use the largest descriptor", use_the_largest_descriptor, 0},
	{"use a larger descriptor", use_a_larger_descriptor, -SIGSYS},
	{"work in the current directory", work_in_current_directory, -SIGSYS},
	{"the same in 32 bits", work_in_current_directory_zero_extended, -SIGSYS},
	{"read what it opened", read_what_it_opened, -SIGSYS},
	{"read stderr", read_stderr, -SIGSYS},
	{"write to stdin", write_to_stdin, -SIGSYS},
	{"write at a place of stdin", write_at_stdin, -SIGSYS},
	{"truncate stderr", truncate_stderr, -SIGSYS},
	{"change the mode of stderr", change_mode_of_stderr, -SIGSYS},
	{"change the times of stderr", change_times_of_stderr, -SIGSYS},
	{"make a directory below stdin", make_a_directory_below_stdin, -SIGSYS},
	{"make a link below stdin", make_a_link_below_stdin, -SIGSYS},
	{"close stderr", close_stderr, -SIGSYS},
	{"map a file", map_a_file, -SIGSYS},
};

START_TEST(system_calls)
{
	int got;

	enter_scene();
	got = run_behind(syscalls_layer, behind_syscalls[_i].attempt);
	ck_assert_msg(got == behind_syscalls[_i].expected, "%s: %d instead of %d",
		      behind_syscalls[_i].name, got, behind_syscalls[_i].expected);
}
END_TEST

Suite *sandbox_suite(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = add_case(suite, "layers");

	/* On a kernel without one of them the integration tests report that as skipped. */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0)
		add_table_test(tcase, landlock, behind_landlock);
	if (prctl(PR_GET_SECCOMP) >= 0)
		add_table_test(tcase, system_calls, behind_syscalls);
	return suite;
}
