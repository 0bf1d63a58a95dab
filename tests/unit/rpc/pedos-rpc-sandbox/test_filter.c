/*
 * The filter of a sandbox, loaded as bubblewrap does: what it refuses, and what it must not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpc-sandbox/filter.h"

#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGH (1L << 32) /* a bit that the kernel does not look at */

/* From now on, this process has it. Each test has a process of its own. */
static void load(void)
{
	static struct sock_filter code[4096];
	int fd = filter_make();
	ssize_t size;
	struct sock_fprog program = {.filter = code};

	MUST(fd);
	MUST(size = read(fd, code, sizeof(code)));
	ck_assert_uint_gt((size_t)size, 0);
	ck_assert_uint_lt((size_t)size, sizeof(code));
	program.len = (unsigned short)((size_t)size / sizeof(*code));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static const struct {
	const char *what;
	int error;
	long number;
	long arguments[4];
} refused[] = {
	{"add_key", EPERM, SYS_add_key, {0}},
	{"keyctl", EPERM, SYS_keyctl, {0}},
	{"request_key", EPERM, SYS_request_key, {0}},
	{"ptrace", EPERM, SYS_ptrace, {0}},
	{"process_vm_readv", EPERM, SYS_process_vm_readv, {0}},
	{"process_vm_writev", EPERM, SYS_process_vm_writev, {0}},
	{"pidfd_getfd", EPERM, SYS_pidfd_getfd, {-1}},
	{"comparing memory", EPERM, SYS_kcmp, {0, 0, KCMP_VM}},
	{"comparing with a higher bit", EPERM, SYS_kcmp, {0, 0, HIGH | KCMP_FILE}},
	{"unshare of nothing", EPERM, SYS_unshare, {0}},
	{"setns", EPERM, SYS_setns, {-1}},
	{"mount", EPERM, SYS_mount, {0}},
	{"umount2", EPERM, SYS_umount2, {0}},
	{"pivot_root", EPERM, SYS_pivot_root, {0}},
	{"chroot", EPERM, SYS_chroot, {0}},
	{"open_tree", ENOSYS, SYS_open_tree, {0}},
	{"move_mount", ENOSYS, SYS_move_mount, {0}},
	{"fsopen", ENOSYS, SYS_fsopen, {0}},
	{"fsmount", ENOSYS, SYS_fsmount, {0}},
	{"clone3", ENOSYS, SYS_clone3, {0}},
	{"clone with a user namespace", EPERM, SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
	{"clone with a mount namespace", EPERM, SYS_clone, {CLONE_NEWNS | SIGCHLD}},
	{"clone with both", EPERM, SYS_clone, {CLONE_NEWNS | CLONE_NEWUSER | SIGCHLD}},
	{"clone with a higher bit", EPERM, SYS_clone, {HIGH | CLONE_NEWNET | SIGCHLD}},
	{"bpf", EPERM, SYS_bpf, {0}},
	{"perf_event_open", EPERM, SYS_perf_event_open, {0}},
	{"userfaultfd", EPERM, SYS_userfaultfd, {0}},
	{"io_uring_setup", ENOSYS, SYS_io_uring_setup, {0}},
	{"io_uring_enter", ENOSYS, SYS_io_uring_enter, {-1}},
	{"vmsplice", EPERM, SYS_vmsplice, {-1}},
	{"syslog", EPERM, SYS_syslog, {10}},
	{"kexec_load", EPERM, SYS_kexec_load, {0}},
	{"init_module", EPERM, SYS_init_module, {0}},
	{"name_to_handle_at", EPERM, SYS_name_to_handle_at, {-1}},
	{"open_by_handle_at", EPERM, SYS_open_by_handle_at, {-1}},
	{"fanotify_init", EPERM, SYS_fanotify_init, {0}},
	{"TIOCSTI", EPERM, SYS_ioctl, {-1, TIOCSTI}},
	{"TIOCSTI with a higher bit", EPERM, SYS_ioctl, {-1, HIGH | TIOCSTI}},
	{"TIOCLINUX", EPERM, SYS_ioctl, {-1, 0x541c}},
	{"another personality", EPERM, SYS_personality, {0x0400000}},
	{"AF_VSOCK", EAFNOSUPPORT, SYS_socket, {AF_VSOCK, SOCK_STREAM}},
	{"AF_VSOCK with a higher bit", EAFNOSUPPORT, SYS_socket, {HIGH | AF_VSOCK, SOCK_STREAM}},
	{"AF_PACKET", EAFNOSUPPORT, SYS_socket, {AF_PACKET, SOCK_RAW}},
	{"AF_ALG", EAFNOSUPPORT, SYS_socket, {AF_ALG, SOCK_SEQPACKET}},
	{"AF_BLUETOOTH", EAFNOSUPPORT, SYS_socket, {AF_BLUETOOTH, SOCK_RAW}},
	{"AF_X25", EAFNOSUPPORT, SYS_socket, {AF_X25, SOCK_SEQPACKET}},
	{"no family", EAFNOSUPPORT, SYS_socket, {-1, SOCK_STREAM}},
	{"a pair of AF_TIPC", EAFNOSUPPORT, SYS_socketpair, {AF_TIPC, SOCK_STREAM}},
};

START_TEST(it_refuses)
{
	const long *a = refused[_i].arguments;
	long r;

	load();
	r = syscall(refused[_i].number, a[0], a[1], a[2], a[3]);
	/* A fork that works is a process more. */
	if (r == 0 && refused[_i].number == SYS_clone)
		_exit(99);
	ck_assert_msg(r == -1 && errno == refused[_i].error, "%s: %ld, %s", refused[_i].what, r,
		      strerror(errno));
}
END_TEST

START_TEST(dumps_stay_as_they_are)
{
	struct rlimit none = {.rlim_cur = 0, .rlim_max = 0}, now;

	load();
	ck_assert_int_eq((int)syscall(SYS_setrlimit, RLIMIT_CORE, &none), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_setrlimit, HIGH | RLIMIT_CORE, &none), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_prlimit64, 0, HIGH | RLIMIT_CORE, &none, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	/* They can be asked for, and other limits set. */
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &now), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
}
END_TEST

START_TEST(it_lets_programs_work)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int pair[2];
	pid_t child;

	load();
	for (size_t i = 0; i < COUNT(families); i++) {
		int fd = socket(families[i], families[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0);

		ck_assert_msg(fd >= 0 || errno == EAFNOSUPPORT, "%d: %s", families[i],
			      strerror(errno));
		ck_assert(fd >= 0 || families[i] == AF_INET6);
	}
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(0);
	ck_assert_int_ge((int)syscall(SYS_personality, 0xffffffffUL), 0);
	ck_assert_int_eq((int)syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, pair[0], pair[0]),
			 0);
}
END_TEST

Suite *filter_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = add_case(suite, "filter");

	add_table_test(tcase, it_refuses, refused);
	tcase_add_test(tcase, dumps_stay_as_they_are);
	tcase_add_test(tcase, it_lets_programs_work);
	return suite;
}
