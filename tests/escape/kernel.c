/*
 * More of the kernel than unpacking needs: its interfaces with a past, and what only an
 * administrator may.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <asm/ldt.h>
#include <sys/io.h>
#endif

/* ---- Interfaces with a past ---- */

static int use_io_uring(void)
{
	struct io_uring_params parameters = {.flags = 0};

	return why(syscall(SYS_io_uring_setup, 4, &parameters));
}

static int use_bpf(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return why(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static int use_userfaultfd(void)
{
	return why(syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
}

static int use_perf(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
					     .size = sizeof(attributes),
					     .exclude_kernel = 1,
					     .exclude_hv = 1};

	return why(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static int add_a_key(void)
{
	return why(syscall(SYS_add_key, "user", "qfile-escape", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

/* The session's keyring goes from process to process like a descriptor. */
static int read_session_key(void)
{
	char content[100];
	long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
			   "qfile-escape", 0),
	     n;

	n = key < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_READ, key, content, sizeof(content));
	if (n < 0)
		return errno;
	say("read: %.*s", (int)n, content);
	return ESCAPED;
}

static int watch_outside(void)
{
	int fd = inotify_init1(0);

	return fd < 0 ? errno : why(inotify_add_watch(fd, scene.home, IN_ALL_EVENTS));
}

static int watch_with_fanotify(void)
{
	return why(syscall(SYS_fanotify_init, 0, O_RDONLY));
}

static int change_personality(void)
{
	return why(syscall(SYS_personality, ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC));
}

static int make_memory_file(void)
{
	return why(syscall(SYS_memfd_create, "evil", 0));
}

/* ---- Code of one's own ---- */

static int map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? errno
		       : ESCAPED;
}

static int turn_into_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? errno : why(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int turn_code_writable(void)
{
	return why(mprotect((void *)((uintptr_t)turn_into_code & ~4095UL), 4096,
			    PROT_READ | PROT_WRITE | PROT_EXEC));
}

/* ---- The confinement itself ---- */

static int replace_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = {.len = 1, .filter = &allow};

	return why(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

/* A second rule that grants everything: rules of Landlock only ever take away. */
static int widen_landlock(void)
{
	struct landlock_ruleset_attr ruleset = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
	struct landlock_path_beneath_attr all = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
						 .parent_fd = scene.root};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0),
	    file = make_file("file", 0644);

	if (fd < 0 || file < 0 ||
	    syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &all, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return errno;
	return why(openat(scene.root, "file", O_RDONLY));
}

static int allow_new_privileges(void)
{
	return why(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static int regain_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = 1 << CAP_SYS_CHROOT, .permitted = 1 << CAP_SYS_CHROOT}};

	return why(syscall(SYS_capset, &header, data));
}

static int become_root(void)
{
	return why(syscall(SYS_setuid, 0));
}

static int join_root_group(void)
{
	const gid_t group = 0;

	return why(syscall(SYS_setgroups, 1, &group));
}

/* ---- Other doors to the same kernel: numbers that mean another system call there ---- */

#if defined(__x86_64__)
static int call_32_bit(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(20L /* getpid */)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? (int)-result : 0;
	return result < 0 ? errno : ESCAPED;
}

static int call_x32(void)
{
	return why(syscall(0x40000000L + SYS_getpid));
}

static int change_segments(void)
{
	struct user_desc descriptor = {.entry_number = 0, .limit = 1};

	return why(syscall(SYS_modify_ldt, 1, &descriptor, sizeof(descriptor)));
}

static int use_ports(void)
{
	return why(iopl(3));
}

static int use_a_port(void)
{
	return why(ioperm(0x80, 1, 1));
}
#endif

/* ---- The administrator's. Each would do no harm if it went through. ---- */

static int account(void)
{
	return why(acct("/nowhere"));
}

static int swap(void)
{
	return why(swapon("/nowhere", 0));
}

static int restart(void)
{
	return why(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			   LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

static int load_kernel(void)
{
	return why(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int load_module(void)
{
	return why(syscall(SYS_init_module, "", 0, ""));
}

static int set_time(void)
{
	struct timeval now;

	return gettimeofday(&now, NULL) < 0 ? errno : why(settimeofday(&now, NULL));
}

static int adjust_time(void)
{
	struct timex change = {.modes = ADJ_TICK, .tick = 10000};

	return why(syscall(SYS_adjtimex, &change));
}

static int name_host(void)
{
	return why(sethostname("evil", 4));
}

static int set_quota(void)
{
	return why(quotactl(QCMD(Q_QUOTAON, USRQUOTA), "/dev/null", 0, NULL));
}

static int read_kernel_log(void)
{
	char text[256];

	return why(klogctl(5 /* clear */, text, sizeof(text)));
}

static int open_device(void)
{
	return why(openat(AT_FDCWD, "/dev/null", O_RDWR));
}

#define DOES    "the kernel does it"
#define ADMIN   "takes the rights of an administrator"
#define SETTING "a setting of the kernel forbids it to some"

const struct attempt kernel_attempts[] = {
	{"io-uring", "set up io_uring", DOES, use_io_uring, SETTING},
	{"bpf", "make a bpf map", DOES, use_bpf, SETTING},
	{"userfaultfd", "open a userfaultfd", DOES, use_userfaultfd, SETTING},
	{"perf", "count events with perf", DOES, use_perf, SETTING},
	{"add-key", "add a key", DOES, add_a_key, SETTING},
	{"keyring", "read a key of the user's session", "its content", read_session_key, SETTING},
	{"inotify", "watch the home directory", DOES, watch_outside, NULL},
	{"fanotify", "watch with fanotify", DOES, watch_with_fanotify, ADMIN},
	{"personality", "switch the layout of memory back to a predictable one", DOES,
	 change_personality, NULL},
	{"memfd", "make a file in memory", DOES, make_memory_file, NULL},
	{"mmap-code", "map memory to run code from", DOES, map_code, NULL},
	{"mprotect-code", "make memory one to run code from", DOES, turn_into_code, NULL},
	{"mprotect-write", "make the program's code writable", DOES, turn_code_writable, NULL},
	{"seccomp", "put a filter in the place of the list", DOES, replace_filter, NULL},
	{"landlock-widen", "grant ourselves by Landlock to read", "a staged file is read",
	 widen_landlock, NULL},
	{"new-privileges", "allow new privileges again", DOES, allow_new_privileges,
	 "no kernel lets anybody"},
	{"capset", "regain a capability", DOES, regain_capabilities, "they are gone"},
	{"setuid", "become root", DOES, become_root, "takes the right to"},
	{"setgroups", "join root's group", DOES, join_root_group, "takes the right to"},
#if defined(__x86_64__)
	{"int-80", "make a 32-bit system call", DOES, call_32_bit, SETTING},
	{"x32", "make a system call of x32", DOES, call_x32, SETTING},
	{"modify-ldt", "make a segment", DOES, change_segments, SETTING},
	{"iopl", "use all ports", DOES, use_ports, ADMIN},
	{"ioperm", "use a port", DOES, use_a_port, ADMIN},
#endif
	{"acct", "switch accounting on", DOES, account, ADMIN},
	{"swapon", "switch swap on", DOES, swap, ADMIN},
	{"reboot", "change what Ctrl-Alt-Del does", DOES, restart, ADMIN},
	{"kexec", "load another kernel", DOES, load_kernel, ADMIN},
	{"init-module", "load a module", DOES, load_module, ADMIN},
	{"settimeofday", "set the clock", DOES, set_time, ADMIN},
	{"adjtimex", "adjust the clock", DOES, adjust_time, ADMIN},
	{"sethostname", "name the host", DOES, name_host, ADMIN},
	{"quotactl", "switch quotas on", DOES, set_quota, ADMIN},
	{"syslog", "clear the kernel's log", DOES, read_kernel_log, ADMIN},
	{"dev-null", "open a device", DOES, open_device, NULL},
	{0},
};
