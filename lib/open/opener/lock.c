/*
 * A lock on a file, for other openers to see, and for nobody else.
 *
 * Locks of the file itself would not do: other programs take them too, a lock of theirs would look
 * like ours, and ours would keep them from the file. So the lock is the name of a socket, which the
 * kernel gives to one process at a time and takes back when that ends, however it ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/lock.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Who has just taken the name listens in a moment. */
#define LOOKS 100

/* The name for a file: it begins with a NUL, and is in no directory. Returns the address's size. */
static socklen_t name_of(const struct stat *status, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
	       (socklen_t)snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
				   "qopen-in-vm/%llx/%llx", (unsigned long long)status->st_dev,
				   (unsigned long long)status->st_ino);
}

static int connect_once(const struct sockaddr_un *address, socklen_t size, struct ucred *holder)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;
	socklen_t length = sizeof(*holder);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, holder, &length) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* May they write to the file, so that it matters that they have it open? Anybody takes names. */
static bool may_write(const struct stat *status, uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid == status->st_uid ||
	       (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* The name is taken: is it by an opener that counts? -ESRCH: it has been given back. */
static int look_at_holder(const struct sockaddr_un *address, socklen_t size,
			  const struct stat *status)
{
	struct ucred holder;
	int r = -ECONNREFUSED;

	for (int looks = 0; r == -ECONNREFUSED && looks < LOOKS; looks++) {
		r = connect_once(address, size, &holder);
		/* It does not listen yet, or the name is nobody's any more. */
		if (r == -ECONNREFUSED)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (r == -ECONNREFUSED)
		return -ESRCH;
	if (r == 0 && !may_write(status, holder.uid))
		return -EPERM;
	return -EWOULDBLOCK;
}

static int take_once(const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, size) < 0 || listen(fd, SOMAXCONN) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

bool lock_is_held(const struct stat *status)
{
	struct sockaddr_un address;
	struct ucred holder;
	int r = connect_once(&address, name_of(status, &address), &holder);

	return r == 0 ? may_write(status, holder.uid) : r != -ECONNREFUSED;
}

int lock_take(const struct stat *status)
{
	struct sockaddr_un address;
	socklen_t size = name_of(status, &address);
	int fd = take_once(&address, size);

	if (fd != -EADDRINUSE)
		return fd;
	fd = look_at_holder(&address, size, status);
	/* It was given back while we looked. */
	return fd == -ESRCH ? take_once(&address, size) : fd;
}
