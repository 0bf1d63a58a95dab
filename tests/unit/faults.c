/*
 * Failing system calls, to order.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "faults.h"

#include "played.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static bool active, lasts;
static unsigned counted, chosen;
static int with;
static const char *failed, *only;

void faults_begin(unsigned number, int error, bool lasting)
{
	active = true;
	lasts = lasting;
	counted = 0;
	chosen = number;
	with = error;
	failed = only = NULL;
}

void faults_begin_in(const char *name, unsigned number, int error, bool lasting)
{
	faults_begin(number, error, lasting);
	only = name;
}

unsigned faults_end(void)
{
	active = false;
	return counted;
}

const char *faults_failed(void)
{
	return failed;
}

static const char *awaited;
static void (*due)(void);

void faults_before(const char *name, void (*act)(void))
{
	awaited = name;
	due = act;
}

/* Is it this call's turn? */
static bool turn(const char *name)
{
	if (due && strcmp(name, awaited) == 0) {
		void (*act)(void) = due;

		due = NULL;
		act();
	}
	if (!active || (only && strcmp(name, only) != 0))
		return false;
	if (++counted < chosen || chosen == 0 || (counted > chosen && !lasts))
		return false;
	if (counted == chosen)
		failed = name;
	errno = with;
	return true;
}

/* A function of the C library, between the library and itself, which tests call `known`. */
#define FAULTY_AS(known, type, failure, name, parameters, arguments)    \
	type __real_##name parameters;                                  \
	type __wrap_##name parameters;                                  \
	type __wrap_##name parameters                                   \
	{                                                               \
		return turn(known) ? failure : __real_##name arguments; \
	}
#define FAULTY(type, failure, name, parameters, arguments) \
	FAULTY_AS(#name, type, failure, name, parameters, arguments)

FAULTY(int, -1, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
FAULTY(int, -1, symlinkat, (const char *target, int dir, const char *path), (target, dir, path))
FAULTY(int, -1, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
FAULTY(int, -1, renameat, (int from_dir, const char *from, int dir, const char *to),
       (from_dir, from, dir, to))
FAULTY(int, -1, renameat2,
       (int from_dir, const char *from, int dir, const char *to, unsigned flags),
       (from_dir, from, dir, to, flags))
FAULTY(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
FAULTY(int, -1, fchmodat, (int dir, const char *path, mode_t mode, int flags),
       (dir, path, mode, flags))
FAULTY(int, -1, futimens, (int fd, const struct timespec times[2]), (fd, times))
FAULTY(int, -1, utimensat, (int dir, const char *path, const struct timespec times[2], int flags),
       (dir, path, times, flags))
FAULTY(int, -1, ftruncate, (int fd, off_t length), (fd, length))
FAULTY(int, -1, fstat, (int fd, struct stat *status), (fd, status))
FAULTY(int, -1, fstatat, (int dir, const char *path, struct stat *status, int flags),
       (dir, path, status, flags))
FAULTY(int, -1, fsync, (int fd), (fd))
FAULTY(int, -1, syncfs, (int fd), (fd))
FAULTY(off_t, -1, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))
FAULTY(ssize_t, -1, read, (int fd, void *buffer, size_t size), (fd, buffer, size))
/* Where it tells nothing, or fails, read() is called. */
FAULTY_AS("read", ssize_t, -1, preadv2,
	  (int fd, const struct iovec *pieces, int count, off_t offset, int flags),
	  (fd, pieces, count, offset, flags))
FAULTY(ssize_t, -1, write, (int fd, const void *buffer, size_t size), (fd, buffer, size))
FAULTY(ssize_t, -1, pwrite, (int fd, const void *buffer, size_t size, off_t offset),
       (fd, buffer, size, offset))
FAULTY(ssize_t, -1, readlinkat, (int dir, const char *path, char *target, size_t size),
       (dir, path, target, size))
FAULTY(ssize_t, -1, getdents64, (int fd, void *buffer, size_t size), (fd, buffer, size))
FAULTY(ssize_t, -1, pread, (int fd, void *buffer, size_t size, off_t offset),
       (fd, buffer, size, offset))
FAULTY(char *, NULL, mkdtemp, (char *path), (path))
FAULTY(int, -1, inotify_init1, (int flags), (flags))
FAULTY(int, -1, inotify_add_watch, (int fd, const char *path, uint32_t mask), (fd, path, mask))
FAULTY(int, -1, pidfd_open, (pid_t pid, unsigned flags), (pid, flags))
FAULTY(ssize_t, -1, sendfile, (int to, int from, off_t *offset, size_t size),
       (to, from, offset, size))
FAULTY(int, -1, flock, (int fd, int operation), (fd, operation))
FAULTY(int, -1, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
FAULTY(int, -1, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
FAULTY(int, -1, linkat, (int from_dir, const char *from, int dir, const char *to, int flags),
       (from_dir, from, dir, to, flags))
FAULTY(int, -1, faccessat, (int dir, const char *path, int mode, int flags),
       (dir, path, mode, flags))
FAULTY(ssize_t, -1, getrandom, (void *buffer, size_t size, unsigned flags), (buffer, size, flags))
FAULTY(ssize_t, -1, flistxattr, (int fd, char *names, size_t size), (fd, names, size))
FAULTY(ssize_t, -1, fgetxattr, (int fd, const char *name, void *value, size_t size),
       (fd, name, value, size))
FAULTY(int, -1, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),
       (fd, name, value, size, flags))
FAULTY(int, -1, fremovexattr, (int fd, const char *name), (fd, name))
FAULTY(pid_t, -1, fork, (void), ())
FAULTY(DIR *, NULL, fdopendir, (int fd), (fd))
FAULTY(void *, NULL, malloc, (size_t size), (size))
FAULTY(void *, NULL, calloc, (size_t count, size_t size), (count, size))
FAULTY(void *, NULL, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
FAULTY(void *, NULL, reallocarray, (void *old, size_t count, size_t size), (old, count, size))

/* Its other arguments are longs, whatever the headers say of them. */
int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	return turn("prctl") ? -1
			     : __real_prctl(option, arguments[0], arguments[1], arguments[2],
					    arguments[3]);
}

bool faults_no_blocks;

int __real_fstatfs(int fd, struct statfs *status);
int __wrap_fstatfs(int fd, struct statfs *status);
int __wrap_fstatfs(int fd, struct statfs *status)
{
	int r = turn("fstatfs") ? -1 : __real_fstatfs(fd, status);

	if (r == 0 && faults_no_blocks)
		status->f_blocks = status->f_bfree = status->f_bavail = 0;
	return r;
}

long faults_ahead = FILES_ARE_YOUNG;

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	int r = __real_clock_gettime(clock, time);

	if (clock == CLOCK_REALTIME)
		time->tv_sec += faults_ahead;
	else if (played())
		played_now(time);
	return r;
}

bool faults_patient;

/* poll() where the compiler knows how long the array is. */
int __wrap___poll_chk(struct pollfd *pollfds, nfds_t count, int timeout, size_t size);

int __real_poll(struct pollfd *pollfds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *pollfds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *pollfds, nfds_t count, int timeout)
{
	if (turn("poll"))
		return -1;
	if (played())
		return played_poll(pollfds, count, timeout);
	return __real_poll(pollfds, count, faults_patient && timeout > 0 ? -1 : timeout);
}

int __wrap___poll_chk(struct pollfd *pollfds, nfds_t count, int timeout, size_t size)
{
	(void)size;
	return __wrap_poll(pollfds, count, timeout);
}

long faults_time;

time_t __real_time(time_t *now);
time_t __wrap_time(time_t *now);
time_t __wrap_time(time_t *now)
{
	return faults_time ? faults_time : __real_time(now);
}

/* A close() that fails has closed, all the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	int r;

	if (!turn("close"))
		return __real_close(fd);
	r = errno;
	__real_close(fd);
	errno = r;
	return -1;
}

/* openat() without a mode, where the compiler checks that: not every build does. */
FAULTY_AS("openat", int, -1, __openat_2, (int dir, const char *path, int flags), (dir, path, flags))

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
		va_list arguments;

		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	return turn("openat") ? -1 : __real_openat(dir, path, flags, mode);
}
