/*
 * The layers of the confinement, each of which can be left out: the linker's --wrap puts these
 * functions between the library and what it calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"
#include "receive/child/relay.h"
#include "receive/child/said.h"
#include "receive/commit/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	USER_NAMESPACE = 1 << 0,
	NAMESPACES = 1 << 1,
	MOUNT = 1 << 2,
	PIVOT_ROOT = 1 << 3, /* the other mounts stay, below the chroot */
	CHROOT = 1 << 4,
	NO_CHROOT = 1 << 5, /* it fails, and the monitor is told */
	PRIVILEGES = 1 << 6,
	RESOURCES = 1 << 7,
	/* The child has its starter's: stdin and stderr as they are, and all others. */
	DESCRIPTORS = 1 << 8,
	LANDLOCK = 1 << 9,
	SYSTEM_CALLS = 1 << 10,
	/* No layer of the confinement: the monitor's look at the tree before the commit. */
	VERIFY = 1 << 11,
	/* None is left out: the attack is made in the thread that writes files. */
	IN_WRITER = 1 << 12,
	/*
	 * An ordinary process of the user. It has no privileges: there is nothing to learn from
	 * what root can do to a machine.
	 */
	BARE = USER_NAMESPACE | NAMESPACES | MOUNT | PIVOT_ROOT | CHROOT | RESOURCES | DESCRIPTORS |
	       LANDLOCK | SYSTEM_CALLS | VERIFY,
};

static const struct {
	const char *name;
	unsigned bits;
} layers[] = {
	{"none", 0},
	{"user-namespace", USER_NAMESPACE},
	{"namespaces", NAMESPACES},
	{"mount", MOUNT},
	{"pivot-root", PIVOT_ROOT},
	{"chroot", CHROOT},
	{"no-chroot", NO_CHROOT},
	{"privileges", PRIVILEGES},
	{"resources", RESOURCES},
	{"descriptors", DESCRIPTORS},
	{"landlock", LANDLOCK},
	{"system-calls", SYSTEM_CALLS},
	{"old-kernel", LANDLOCK | SYSTEM_CALLS}, /* it has neither */
	{"verify", VERIFY},
	{"writer", IN_WRITER},
	{"bare", BARE},
};

static unsigned left_out;
static bool making = true; /* the attack's own calls are not to be tampered with */
static pid_t child;

int child_status = -1;
bool committed_too_early;

bool layers_leave_out(const char *layer)
{
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		if (strcmp(layers[i].name, layer) == 0) {
			left_out = layers[i].bits;
			return true;
		}
	}
	return false;
}

void layers_are_made(void)
{
	making = false;
}

bool layers_bare(void)
{
	return left_out == BARE;
}

bool layers_in_writer(void)
{
	return left_out == IN_WRITER;
}

static bool without(unsigned layer)
{
	return making && (left_out & layer);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_unshare(int flags);
int __wrap_unshare(int flags);
int __real_chroot(const char *path);
int __wrap_chroot(const char *path);
int __real_chdir(const char *path);
int __wrap_chdir(const char *path);
pid_t __real_setsid(void);
pid_t __wrap_setsid(void);
int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __real_capabilities_drop(void);
int __wrap_capabilities_drop(void);
int __real_capabilities_can_chroot(void);
int __wrap_capabilities_can_chroot(void);
int __real_landlock_confine(int root);
int __wrap_landlock_confine(int root);
int __real_seccomp_confine(void);
int __wrap_seccomp_confine(void);
int __real_verify(const struct staging *staging, unsigned flags, unsigned held, uint64_t claimed,
		  struct qfile_error *error);
int __wrap_verify(const struct staging *staging, unsigned flags, unsigned held, uint64_t claimed,
		  struct qfile_error *error);
int __real_relay_open(struct relay *relay, int in);
int __wrap_relay_open(struct relay *relay, int in);
int __real_said_open(struct said *said);
int __wrap_said_open(struct said *said);
pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __real_syncfs(int fd);
int __wrap_syncfs(int fd);

static long clone_without(long flags, const long rest[5])
{
	const long namespaces =
		CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWPID;
	long pid;

	/* As on a system that forbids them. */
	if (without(USER_NAMESPACE) && flags & CLONE_NEWUSER)
		return fail(EPERM);
	if (layers_bare() && making && flags & namespaces)
		return fail(EPERM);
	if (without(NAMESPACES))
		flags &= ~namespaces;
	pid = __real_syscall(SYS_clone, flags, rest[0], rest[1], rest[2], rest[3]);
	if (pid > 0)
		child = (pid_t)pid;
	return pid;
}

long __wrap_syscall(long number, ...)
{
	long a[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if (making && number == SYS_clone)
		return clone_without(a[0], a + 1);
	if (number == SYS_pivot_root && without(PIVOT_ROOT))
		return fail(EINVAL);
	if (number == SYS_close_range && without(DESCRIPTORS))
		return 0;
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __wrap_unshare(int flags)
{
	return without(MOUNT) ? fail(EPERM) : __real_unshare(flags);
}

int __wrap_chroot(const char *path)
{
	if (without(NO_CHROOT))
		return fail(EPERM);
	return without(CHROOT) ? 0 : __real_chroot(path);
}

int __wrap_chdir(const char *path)
{
	/* Stay in the staging directory: "/" is the machine's. */
	return making && layers_bare() ? 0 : __real_chdir(path);
}

pid_t __wrap_setsid(void)
{
	return making && layers_bare() ? 0 : __real_setsid();
}

int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
	return without(RESOURCES) ? 0 : __real_setrlimit(resource, limit);
}

int __wrap_capabilities_drop(void)
{
	return without(PRIVILEGES) && getpid() != scene.monitor ? 0 : __real_capabilities_drop();
}

int __wrap_capabilities_can_chroot(void)
{
	return making && layers_bare() ? 1 : __real_capabilities_can_chroot();
}

int __wrap_landlock_confine(int root)
{
	return without(LANDLOCK) ? -ENOSYS : __real_landlock_confine(root);
}

int __wrap_seccomp_confine(void)
{
	return without(SYSTEM_CALLS) ? -ENOSYS : __real_seccomp_confine();
}

int __wrap_verify(const struct staging *staging, unsigned flags, unsigned held, uint64_t claimed,
		  struct qfile_error *error)
{
	return without(VERIFY) ? 0 : __real_verify(staging, flags, held, claimed, error);
}

int __wrap_relay_open(struct relay *relay, int in)
{
	if (!without(DESCRIPTORS))
		return __real_relay_open(relay, in);
	*relay = (struct relay){.fd = in};
	return 0;
}

int __wrap_said_open(struct said *said)
{
	if (!without(DESCRIPTORS))
		return __real_said_open(said);
	*said = (struct said){.fd = -1};
	return dup(STDERR_FILENO);
}

/* Only the monitor of the delivery reaps its child. */
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	int own_status = 0;
	pid_t r = __real_waitpid(pid, &own_status, options);

	if (r > 0 && r == child)
		child_status = own_status;
	if (status)
		*status = own_status;
	return r;
}

/* Where every commit begins. Without a descriptor it asks whether the system has the call. */
int __wrap_syncfs(int fd)
{
	committed_too_early |= fd >= 0 && child_status < 0;
	return __real_syncfs(fd);
}
