/*
 * The kernel: what belongs to the user in all namespaces, new namespaces, privileges, and
 * interfaces with a past.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Keys, and the machine's name ---- */

/* Numbers of keys mean the same in all namespaces. Who has linked a keyring possesses its keys. */
static int read_key(void)
{
	char content[100];
	long n;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_keyctl, KEYCTL_LINK, scene.ring, KEY_SPEC_SESSION_KEYRING) < 0)
		return errno;
	n = syscall(SYS_keyctl, KEYCTL_READ, scene.ring_key, content, sizeof(content));
	if (n < 0)
		return errno;
	return memmem(content, (size_t)n, scene.word, strlen(scene.word)) ? ESCAPED : ENODATA;
}

static int list_keys(void)
{
	return find_in("/proc/keys", KEY_NAME);
}

static int count_keys(void)
{
	char text[16];
	int fd = open("/proc/key-users", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	return n < 0 ? errno : n > 0 ? ESCAPED : ENODATA;
}

static int add_a_key(void)
{
	return why(syscall(SYS_add_key, "user", "qfile-evil", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

static int request_a_key(void)
{
	return why(syscall(SYS_request_key, "user", KEY_NAME, NULL, 0));
}

static int attach_memory(void)
{
	return why(shmget(scene.key, 0, 0));
}

static int learn_host(void)
{
	char name[65] = "";

	return gethostname(name, sizeof(name)) == 0 && strcmp(name, scene.host) == 0 ? ESCAPED
										     : ENODATA;
}

static int name_host(void)
{
	return why(sethostname("evil", 4));
}

/* ---- Namespaces ---- */

static int unshare_user(void)
{
	return why(unshare(CLONE_NEWUSER));
}

static int clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return why(pid);
}

static int clone_user(void)
{
	return clone_with(CLONE_NEWUSER);
}

static int clone_user_and_mounts(void)
{
	return clone_with(CLONE_NEWUSER | CLONE_NEWNS);
}

static int clone3_user(void)
{
	struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		_exit(0);
	return why(pid);
}

static int join_network(void)
{
	int fd = open("/proc/1/ns/net", O_RDONLY);

	return fd < 0 ? errno : why(setns(fd, CLONE_NEWNET));
}

static int mount_memory(void)
{
	return why(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int change_root(void)
{
	return why(chroot("/tmp"));
}

static int open_file_system(void)
{
	return why(syscall(SYS_fsopen, "tmpfs", 0));
}

static int open_mount(void)
{
	return why(syscall(SYS_open_tree, AT_FDCWD, "/", 0));
}

static int take_handle(void)
{
	struct {
		struct file_handle handle;
		char room[128];
	} one = {.handle = {.handle_bytes = sizeof(one.room)}};
	int mount;

	return why(name_to_handle_at(AT_FDCWD, "/dev/shm", &one.handle, &mount, 0));
}

/* ---- Privileges ---- */

/* Would a program that belongs to root and says so run as root? */
static int run_set_user_id(void)
{
	struct statvfs status;

	if (statvfs("/usr/bin", &status) < 0)
		return errno;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && !(status.f_flag & ST_NOSUID) ? ESCAPED
											   : EPERM;
}

static int allow_privileges(void)
{
	return why(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static int regain_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = 1 << CAP_SYS_ADMIN, .permitted = 1 << CAP_SYS_ADMIN}};

	return why(syscall(SYS_capset, &header, data));
}

static int become_root(void)
{
	return why(setuid(0));
}

static int join_group(void)
{
	const gid_t group = 0;

	return why(setgroups(1, &group));
}

/* A limit of 0, unlike that of 1, lets the kernel start the program for core dumps outside. */
static int allow_dumps(void)
{
	return why(setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0, .rlim_max = 0}));
}

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

static int use_fanotify(void)
{
	return why(syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
}

static int change_personality(void)
{
	return why(personality(ADDR_NO_RANDOMIZE));
}

static int read_log(void)
{
	return why(klogctl(10 /* its size */, NULL, 0));
}

static int load_module(void)
{
	return why(syscall(SYS_init_module, "", 0, ""));
}

static int load_kernel(void)
{
	return why(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

const struct attempt kernel_attempts[] = {
	{"read-key", "read a key of the user", read_key, SETTING},
	{"list-keys", "list the keys of the user", list_keys, SETTING},
	{"count-keys", "count the keys of all users", count_keys, SETTING},
	{"add-key", "add a key", add_a_key, SETTING},
	{"request-key", "ask for a key", request_a_key, SETTING},
	{"shared-memory", "find shared memory of the user", attach_memory, NULL},
	{"hostname", "learn the machine's name", learn_host, NULL},
	{"sethostname", "name the machine", name_host, ADMIN},
	{"unshare", "make a user namespace", unshare_user, NULL},
	{"clone-user", "clone into a user namespace", clone_user, NULL},
	{"clone-mounts", "clone into one with mounts of its own", clone_user_and_mounts, NULL},
	{"clone3-user", "do so by clone3", clone3_user, NULL},
	{"setns", "join another network", join_network, ADMIN},
	{"mount", "mount something", mount_memory, ADMIN},
	{"chroot", "change its root", change_root, ADMIN},
	{"fsopen", "make a file system", open_file_system, ADMIN},
	{"open-tree", "open a mount", open_mount, SETTING},
	{"handle", "name a file by its number", take_handle, SETTING},
	{"set-user-id", "run a program with the set-user-ID bit", run_set_user_id, SETTING},
	{"new-privileges", "allow new privileges again", allow_privileges,
	 "no kernel lets anybody"},
	{"capset", "regain a capability", regain_capability, ADMIN},
	{"setuid", "become root", become_root, ADMIN},
	{"setgroups", "join root's group", join_group, ADMIN},
	{"dumps", "allow core dumps", allow_dumps, NULL},
	{"io-uring", "set up io_uring", use_io_uring, SETTING},
	{"bpf", "make a bpf map", use_bpf, SETTING},
	{"userfaultfd", "open a userfaultfd", use_userfaultfd, SETTING},
	{"perf", "count events with perf", use_perf, SETTING},
	{"fanotify", "watch with fanotify", use_fanotify, SETTING},
	{"personality", "change its personality", change_personality, SETTING},
	{"syslog", "ask for the kernel's log", read_log, SETTING},
	{"init-module", "load a module", load_module, ADMIN},
	{"kexec", "load another kernel", load_kernel, ADMIN},
	{0},
};
