/*
 * The child's confinement: what each layer does, and the order in which they are made.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/sandbox.h"

#include "sandbox/capabilities.h"
#include "sandbox/landlock.h"
#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOVE_MOUNT_F_EMPTY_PATH /* defined by glibc, the kernel's headers, both or neither */
#define MOVE_MOUNT_F_EMPTY_PATH 0x4
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

/*
 * What unpacking needs, and some more. Shared libraries count; the heap of an honest child stays
 * below 2 MiB.
 */
#define MAX_ADDRESS_SPACE (256UL << 20)

static const char *const layer_names[] = {
	"user namespace", "namespaces",  "mount",    "chroot",       "privileges",
	"resources",      "descriptors", "Landlock", "system calls",
};

const char *qfile_layer_name(enum qfile_layer layer)
{
	for (size_t i = 0; i < sizeof(layer_names) / sizeof(*layer_names); i++) {
		if (layer == (enum qfile_layer)(1 << i))
			return layer_names[i];
	}
	return NULL;
}

/* ---- Namespaces ---- */

/*
 * The namespaces that this kernel was built with, except the mount namespace. Without /proc they
 * are not known, and all are tried.
 */
static int kernel_namespaces(void)
{
	static const struct {
		const char *path;
		int flag;
	} namespaces[] = {
		{"/proc/self/ns/net", CLONE_NEWNET}, {"/proc/self/ns/ipc", CLONE_NEWIPC},
		{"/proc/self/ns/uts", CLONE_NEWUTS}, {"/proc/self/ns/cgroup", CLONE_NEWCGROUP},
		{"/proc/self/ns/pid", CLONE_NEWPID},
	};
	int flags = 0;

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++) {
		if (access(namespaces[i].path, F_OK) == 0 || access("/proc/self/ns", F_OK) < 0)
			flags |= namespaces[i].flag;
	}
	return flags;
}

/* fork() with flags of clone(2), because a new PID namespace only contains children. */
static pid_t fork_into(int flags)
{
	long pid = syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), NULL, NULL, NULL, NULL);

	return pid < 0 ? -errno : (pid_t)pid;
}

static pid_t fork_confined(struct sandbox *sandbox)
{
	int flags = kernel_namespaces(), admin = capabilities_raise();
	pid_t pid;

	if (admin < 0)
		return admin;
	/* For map_user(): in its user namespace the child cannot see its own numbers. */
	sandbox->uid = geteuid();
	sandbox->gid = getegid();
	sandbox->layers = QFILE_LAYER_USER_NS | QFILE_LAYER_NAMESPACES;
	pid = fork_into(flags | CLONE_NEWUSER);
	/* Root must be able to receive without user namespaces, which many systems forbid. */
	if (pid < 0 && admin) {
		sandbox->layers = QFILE_LAYER_NAMESPACES;
		pid = fork_into(flags);
	}
	/* The root of a container may not make namespaces, but chroot is enough. */
	if (pid < 0 && capabilities_can_chroot() > 0) {
		sandbox->layers = 0;
		pid = fork_into(0);
	}
	return pid;
}

pid_t sandbox_fork(struct sandbox *sandbox)
{
	pid_t pid = fork_confined(sandbox);

	if (pid != 0) {
		int r = capabilities_drop();

		if (r < 0 && pid > 0)
			kill(pid, SIGKILL);
		return r < 0 ? r : pid;
	}
	return 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Map the user, and only this user, into the new user namespace. */
static int map_user(struct sandbox *sandbox)
{
	char map[64];
	int r;

	/*
	 * A process that has changed its identity may not write to its own files in /proc until it
	 * is dumpable again.
	 */
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		return -errno;
	/* The kernel only lets an unprivileged process map a group if it gives up setgroups(). */
	r = write_file("/proc/self/setgroups", "deny");
	if (r < 0 && r != -ENOENT)
		return r;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned)sandbox->gid, (unsigned)sandbox->gid);
	r = write_file("/proc/self/gid_map", map);
	if (r < 0)
		return r;
	snprintf(map, sizeof(map), "%u %u 1", (unsigned)sandbox->uid, (unsigned)sandbox->uid);
	r = write_file("/proc/self/uid_map", map);
	/*
	 * In a user namespace below this one the child could be root again. If /proc is read-only,
	 * this fails, and only the later layers prevent that.
	 */
	write_file("/proc/sys/user/max_user_namespaces", "0");
	return r;
}

/* ---- The file system ---- */

/*
 * Mount the current directory on top of itself, and enter the mount. This looks up no path, which
 * somebody could have changed.
 *
 * The mount namespace is made here, and not together with the others, because a descriptor from
 * before would belong to the old namespace, where nothing may be mounted. The current directory
 * moves along into the new one.
 */
static int mount_root(void)
{
	int tree, r = 0;

	/* Private: what happens to mounts here must not reach the outside. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return -errno;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    fchdir(tree) < 0 ||
	    mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) <
		    0)
		r = -errno;
	close(tree);
	return r;
}

/*
 * Make the current directory, which is a mount, the only mount. On an initial ramdisk this is not
 * possible; there chroot alone must hold.
 */
static void forget_other_mounts(void)
{
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		umount2(".", MNT_DETACH); /* the old root, which is on top now */
}

static int make_mount(struct sandbox *sandbox)
{
	int r = fchdir(sandbox->root) < 0 ? -errno : mount_root();

	if (r == 0)
		forget_other_mounts();
	return r;
}

static int make_chroot(struct sandbox *sandbox)
{
	/* If the mount failed, the attempt may have changed the current directory. */
	if (!(sandbox->layers & QFILE_LAYER_MOUNT) && fchdir(sandbox->root) < 0)
		return -errno;
	return chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

/* ---- Resources and descriptors ---- */

static int limit(int resource, rlim_t value)
{
	struct rlimit now;

	/* Never raise a limit that an administrator has set. */
	if (getrlimit(resource, &now) < 0)
		return -errno;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		value = now.rlim_max;
	now = (struct rlimit){.rlim_cur = value, .rlim_max = value};
	return setrlimit(resource, &now) < 0 ? -errno : 0;
}

static const struct {
	int resource;
	rlim_t value;
} limits[] = {
	{RLIMIT_CORE, 0},
	{RLIMIT_NPROC, 0},
	{RLIMIT_NOFILE, MAX_DESCRIPTORS},
	{RLIMIT_MEMLOCK, 0},
	{RLIMIT_MSGQUEUE, 0},
#if !defined(__SANITIZE_ADDRESS__) /* its shadow memory needs terabytes of addresses */
	{RLIMIT_AS, MAX_ADDRESS_SPACE},
	{RLIMIT_DATA, MAX_ADDRESS_SPACE},
#endif
};

/* Has an administrator set a limit that is lower than ours? */
static bool is_limited(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit now;

		if (getrlimit(limits[i].resource, &now) < 0 || now.rlim_max < limits[i].value)
			return true;
	}
	return false;
}

static int make_resources(struct sandbox *sandbox)
{
	(void)sandbox;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		int r = limit(limits[i].resource, limits[i].value);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Close all descriptors above stderr, and open the new root directory. */
static int make_descriptors(struct sandbox *sandbox)
{
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0)
		return -errno;
	sandbox->root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return sandbox->root < 0 ? -errno : 0;
}

/* ---- Privileges ---- */

/*
 * A process inherits more than descriptors: it could send signals to the monitor's process group,
 * type on its terminal, and use its keys.
 */
static int leave_session(void)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); /* some kernels have no keys */
	return setsid() < 0 ? -errno : 0;
}

static int make_privileges(struct sandbox *sandbox)
{
	int r = capabilities_drop();

	(void)sandbox;
	if (r < 0)
		return r;
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

/* ---- System calls ---- */

/*
 * Landlock looks at the files that lie below those of ecryptfs, too, which are not below our root:
 * nothing could be written.
 */
static int make_landlock(struct sandbox *sandbox)
{
	struct statfs status;

	if (fstatfs(sandbox->root, &status) == 0 && status.f_type == ECRYPTFS_SUPER_MAGIC)
		return -EOPNOTSUPP;
	return landlock_confine(sandbox->root);
}

static int make_system_calls(struct sandbox *sandbox)
{
	(void)sandbox;
	return seccomp_confine();
}

/* ---- All of them ---- */

/*
 * In the order in which they are made: each needs something that a later one takes away. The
 * namespaces have existed since sandbox_fork().
 */
static const struct {
	enum qfile_layer layer;
	int (*make)(struct sandbox *sandbox);
	unsigned needs; /* the layer is only tried if these are in force */
	/* A kernel may lack it, or a container forbid it; the other layers hold without it. */
	bool may_fail;
} layers[] = {
	/* clang-format off */
	{.layer = QFILE_LAYER_USER_NS, .make = map_user, .needs = QFILE_LAYER_USER_NS},
	{.layer = QFILE_LAYER_MOUNT, .make = make_mount, .may_fail = true,
	 .needs = QFILE_LAYER_NAMESPACES},
	{.layer = QFILE_LAYER_CHROOT, .make = make_chroot},
	{.layer = QFILE_LAYER_PRIVILEGES, .make = make_privileges},
	{.layer = QFILE_LAYER_DESCRIPTORS, .make = make_descriptors},
	{.layer = QFILE_LAYER_LANDLOCK, .make = make_landlock, .may_fail = true},
	{.layer = QFILE_LAYER_RESOURCES, .make = make_resources},
	{.layer = QFILE_LAYER_SYSCALLS, .make = make_system_calls, .may_fail = true},
	/* clang-format on */
};

int sandbox_enter(struct sandbox *sandbox, int root, void (*start)(void *argument), void *argument)
{
	int r;

	sandbox->root = root;
	sandbox->failed = QFILE_LAYER_PRIVILEGES;
	/* If the monitor is killed, its child must not go on. */
	r = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : leave_session();
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		if ((sandbox->layers & layers[i].needs) != layers[i].needs)
			continue;
		sandbox->failed = layers[i].layer;
		/* What little there is may be just enough for one thread. */
		if (layers[i].layer == QFILE_LAYER_RESOURCES && !is_limited())
			start(argument);
		r = layers[i].make(sandbox);
		if (r == 0)
			sandbox->layers |= layers[i].layer;
		else if (!layers[i].may_fail)
			return r;
	}
	return sandbox->root;
}

/* ---- Why it may be impossible ---- */

static bool setting_is(const char *path, char value)
{
	char text[2] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n == 2 && text[0] == value && text[1] == '\n';
}

/*
 * In a chroot the kernel makes no user namespaces, whatever the settings: user_namespaces(7). A
 * root directory on which nothing is mounted is that of a chroot.
 */
static bool in_chroot(void)
{
	struct statx root;

	return statx(AT_FDCWD, "/", 0, 0, &root) == 0 &&
	       root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT &&
	       !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

const char *sandbox_hint(int code)
{
	if (access("/proc/self", F_OK) < 0 && errno == ENOENT)
		return "/proc is not mounted here, by which a user namespace is set up: mount it";
	if (in_chroot())
		return "it runs in a chroot, where the kernel allows a plain user no user "
		       "namespaces: start it outside of the chroot, or as root";
	if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1'))
		return "AppArmor restricts user namespaces: add a profile with \"userns,\" for "
		       "qfile-unpacker, or set "
		       "kernel.apparmor_restrict_unprivileged_userns=0, or start it as root";
	if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", '0'))
		return "user namespaces are switched off: set kernel.unprivileged_userns_clone=1, "
		       "or start it as root";
	if (setting_is("/proc/sys/user/max_user_namespaces", '0'))
		return "user namespaces are switched off: set user.max_user_namespaces above 0, or "
		       "start it as root";
	if (code == -ENOSPC)
		return "there are as many user namespaces as this system allows: raise "
		       "user.max_user_namespaces, or start it as root";
	if (access("/proc/sys/user/max_user_namespaces", F_OK) == 0)
		return "the kernel refuses user namespaces though they are switched on, as it does "
		       "in a chroot and some containers: start it outside of that, or as root";
	return "a plain user needs user namespaces for this, and may have none here, as in a "
	       "chroot, some containers and some kernels: start it elsewhere, or as root";
}
