/*
 * Reading the settings of this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/settings/load.h"

#include "system/contents.h"
#include "system/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel shows as the owner of a file whose owner is unknown in a user namespace. */
#define OVERFLOW_UID 65534

/*
 * Only root may have written it. Whoever else could would decide where the deliveries of all users
 * arrive, how much of the disk a sender may fill, and which service a file is sent to. That root
 * alone can put a file there is a matter of /etc; but root may have given the file away.
 *
 * Returns NULL, or what is wrong.
 */
static const char *check(const struct stat *status)
{
	if (!S_ISREG(status->st_mode))
		return "it must be a file";
	/* In a user namespace, such as that of a sandbox, root's files are shown as nobody's. */
	if (status->st_uid != 0 && (status->st_uid != OVERFLOW_UID || uid_is_mapped(OVERFLOW_UID)))
		return "it must belong to root: chown root " SETTINGS_FILE;
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return "others than root may change it: chmod go-w " SETTINGS_FILE;
	return NULL;
}

/* 0, or a negative errno with *why, and *line where it is one of the text. */
static int read_open(int fd, struct settings *settings, unsigned *line, const char **why)
{
	static char text[SETTINGS_TEXT_MAX + 1];
	struct stat status;
	ssize_t n = fstat(fd, &status) < 0 ? -errno : 0;

	*why = n < 0 ? strerrordesc_np((int)-n) : check(&status);
	if (*why)
		return n < 0 ? (int)n : -EPERM;
	n = contents_read(fd, text, sizeof(text));
	*why = n < 0 ? strerrordesc_np((int)-n) : "it is larger than 16 KiB: shorten it";
	if (n < 0 || (size_t)n == sizeof(text))
		return n < 0 ? (int)n : -E2BIG;
	return settings_parse(text, (size_t)n, settings, line, why);
}

/* Is there nothing at all? A link that leads nowhere is no word of root's that nothing is set. */
static bool is_missing(int error)
{
	struct stat status;

	return error == ENOENT && lstat(SETTINGS_FILE, &status) < 0 && errno == ENOENT;
}

/* What to do when it cannot be opened. */
static const char *help_of(int r)
{
	switch (r) {
	case -EACCES:
		return ": chmod a+r " SETTINGS_FILE;
	case -ENOENT:
		return ": it is a link that leads nowhere, which has to be corrected or removed";
	default:
		return "";
	}
}

int settings_load(struct settings *settings, char failure[SETTINGS_FAILURE_SIZE])
{
	/* It may be a named pipe, in which an open waits. */
	int fd = open(SETTINGS_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned line = 0;
	const char *why = "";
	int r;

	settings_default(settings);
	r = fd < 0 ? -errno : 0;
	if (is_missing(-r))
		return 0;
	if (r == 0)
		r = read_open(fd, settings, &line, &why);
	if (fd >= 0)
		close(fd);
	if (r == 0)
		return 0;
	settings_default(settings);
	if (fd < 0)
		snprintf(failure, SETTINGS_FAILURE_SIZE,
			 "the settings in " SETTINGS_FILE " cannot be read: %s%s", strerror(-r),
			 help_of(r));
	else if (line > 0)
		snprintf(failure, SETTINGS_FAILURE_SIZE, SETTINGS_FILE ":%u: %s; correct that line",
			 line, why);
	else
		snprintf(failure, SETTINGS_FAILURE_SIZE, SETTINGS_FILE ": %s", why);
	return r;
}
