/*
 * The system calls that nobody in a sandbox may use: a list for seccomp of what is refused.
 *
 * It is no list of what is allowed, unlike that of the receiver: nobody knows what an application
 * needs. What is refused here goes by the kernel's user and not by namespaces, or is new and large
 * in the kernel, and no application that shows a file needs it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "filter.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux's console: pastes what is selected there, which is as if somebody typed it. */
#define TIOCLINUX_NUMBER 0x541c

struct refused {
	int syscall;
	int error;
};

static const struct refused refused[] = {
	/* Keys belong to the user in all namespaces. */
	{SCMP_SYS(add_key), EPERM},
	{SCMP_SYS(keyctl), EPERM},
	{SCMP_SYS(request_key), EPERM},

	/* Other processes, and their memory. */
	{SCMP_SYS(ptrace), EPERM},
	{SCMP_SYS(process_vm_readv), EPERM},
	{SCMP_SYS(process_vm_writev), EPERM},
	{SCMP_SYS(process_madvise), EPERM},
	{SCMP_SYS(pidfd_getfd), EPERM},

	/* New namespaces, and with them all that only root may do. */
	{SCMP_SYS(unshare), EPERM},
	{SCMP_SYS(setns), EPERM},
	{SCMP_SYS(mount), EPERM},
	{SCMP_SYS(umount), EPERM},
	{SCMP_SYS(umount2), EPERM},
	{SCMP_SYS(pivot_root), EPERM},
	{SCMP_SYS(chroot), EPERM},
	{SCMP_SYS(open_tree), ENOSYS},
	{SCMP_SYS(move_mount), ENOSYS},
	{SCMP_SYS(fsopen), ENOSYS},
	{SCMP_SYS(fsconfig), ENOSYS},
	{SCMP_SYS(fsmount), ENOSYS},
	{SCMP_SYS(fspick), ENOSYS},
	{SCMP_SYS(mount_setattr), ENOSYS},
	/* Its flags are in memory, where a filter cannot see them; the C library has clone(2). */
	{SCMP_SYS(clone3), ENOSYS},

	/* What has often had faults in the kernel. */
	{SCMP_SYS(bpf), EPERM},
	{SCMP_SYS(perf_event_open), EPERM},
	{SCMP_SYS(userfaultfd), EPERM},
	{SCMP_SYS(io_uring_setup), ENOSYS},
	{SCMP_SYS(io_uring_enter), ENOSYS},
	{SCMP_SYS(io_uring_register), ENOSYS},
	{SCMP_SYS(modify_ldt), EPERM},
	{SCMP_SYS(uselib), EPERM},
	{SCMP_SYS(vmsplice), EPERM},
	{SCMP_SYS(move_pages), EPERM},
	{SCMP_SYS(migrate_pages), EPERM},
	{SCMP_SYS(mbind), EPERM},
	{SCMP_SYS(get_mempolicy), EPERM},
	{SCMP_SYS(set_mempolicy), EPERM},

	/* The machine. */
	{SCMP_SYS(syslog), EPERM},
	{SCMP_SYS(acct), EPERM},
	{SCMP_SYS(quotactl), EPERM},
	{SCMP_SYS(quotactl_fd), EPERM},
	{SCMP_SYS(kexec_load), EPERM},
	{SCMP_SYS(kexec_file_load), EPERM},
	{SCMP_SYS(init_module), EPERM},
	{SCMP_SYS(finit_module), EPERM},
	{SCMP_SYS(delete_module), EPERM},
	{SCMP_SYS(reboot), EPERM},
	{SCMP_SYS(swapon), EPERM},
	{SCMP_SYS(swapoff), EPERM},
	{SCMP_SYS(iopl), EPERM},
	{SCMP_SYS(ioperm), EPERM},
	{SCMP_SYS(settimeofday), EPERM},
	{SCMP_SYS(clock_settime), EPERM},
	{SCMP_SYS(clock_adjtime), EPERM},
	{SCMP_SYS(adjtimex), EPERM},

	/* Files by numbers instead of by paths, and all events of a mount. */
	{SCMP_SYS(name_to_handle_at), EPERM},
	{SCMP_SYS(open_by_handle_at), EPERM},
	{SCMP_SYS(fanotify_init), EPERM},
};

/* Sockets of these families only: the others reach the machine, or code that is hardly used. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static int refuse_all(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].error),
					 refused[i].syscall, 0);

		/* Not every processor has every call. */
		if (r < 0 && r != -EDOM && r != -EFAULT)
			return r;
	}
	return 0;
}

/* Refuse a call where the low 32 bits of an argument, masked, have this value. */
static int refuse_where(scmp_filter_ctx filter, int syscall, unsigned argument, uint32_t mask,
			uint32_t value)
{
	struct scmp_arg_cmp compare = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);

	return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), syscall, 1, &compare);
}

/* Compare an argument, all 64 bits of it: what has anything in the upper half is no small number.
 */
static struct scmp_arg_cmp compare(unsigned argument, enum scmp_compare how, uint64_t value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = how, .datum_a = value};
}

static int refuse_arguments(scmp_filter_ctx filter)
{
	static const unsigned namespaces[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
					      CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
					      CLONE_NEWCGROUP};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(namespaces) / sizeof(*namespaces); i++)
		r = refuse_where(filter, SCMP_SYS(clone), 0, namespaces[i], namespaces[i]);
	/* Typing into a terminal that somebody gave us. */
	if (r == 0)
		r = refuse_where(filter, SCMP_SYS(ioctl), 1, ~0u, TIOCSTI);
	if (r == 0)
		r = refuse_where(filter, SCMP_SYS(ioctl), 1, ~0u, TIOCLINUX_NUMBER);
	/* What the kernel once did otherwise for other systems: it may only be asked for. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(personality), 1,
				     compare(0, SCMP_CMP_NE, 0xffffffff));
	/* vm-file-editor has to know who has inherited a descriptor, and writes nothing new. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kcmp), 1,
				     compare(2, SCMP_CMP_NE, KCMP_FILE));
	return r;
}

/* The limit of core dumps, which must not become 0: see serve.c. */
static int keep_limit_of_dumps(scmp_filter_ctx filter)
{
	/* Only 32 bits of the number of a limit count. Without a new limit, the call only asks. */
	const struct scmp_arg_cmp change[] = {
		SCMP_CMP(1, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE),
		compare(2, SCMP_CMP_NE, 0)};
	int r = refuse_where(filter, SCMP_SYS(setrlimit), 0, ~0u, RLIMIT_CORE);

	return r < 0 ? r
		     : seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 2,
					      change);
}

static bool is_allowed(int family)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (families[i] == family)
			return true;
	}
	return false;
}

/* For socket(2) or socketpair(2). */
static int refuse_families(scmp_filter_ctx filter, int syscall)
{
	const uint32_t action = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int highest = 0, r = 0;

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		highest = families[i] > highest ? families[i] : highest;
	for (int family = 0; r == 0 && family < highest; family++) {
		if (!is_allowed(family))
			r = seccomp_rule_add(filter, action, syscall, 1,
					     compare(0, SCMP_CMP_EQ, (uint32_t)family));
	}
	if (r == 0)
		r = seccomp_rule_add(filter, action, syscall, 1,
				     compare(0, SCMP_CMP_GT, (uint32_t)highest));
	return r;
}

static int write_to_memory(scmp_filter_ctx filter)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int filter_make(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? refuse_all(filter) : -ENOMEM;

	if (r == 0)
		r = refuse_arguments(filter);
	if (r == 0)
		r = keep_limit_of_dumps(filter);
	if (r == 0)
		r = refuse_families(filter, SCMP_SYS(socket));
	if (r == 0)
		r = refuse_families(filter, SCMP_SYS(socketpair));
	if (r == 0)
		r = write_to_memory(filter);
	seccomp_release(filter);
	return r;
}
