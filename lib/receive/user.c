/*
 * Finding the user that a delivery is for, and becoming that user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/capabilities.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Parse a decimal user number. */
static bool parse_uid(const char *text, uid_t *uid)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	*uid = (uid_t)value;
	/* Every system call takes all ones as "no user". */
	return !*end && errno == 0 && *uid == value && *uid != (uid_t)-1;
}

int qfile_user_find(struct qfile_user *user, const char *name_or_uid)
{
	char buffer[16384]; /* one passwd entry */
	struct passwd entry, *found = NULL;
	uid_t uid;
	int r = getpwnam_r(name_or_uid, &entry, buffer, sizeof(buffer), &found);

	if (r == 0 && !found && parse_uid(name_or_uid, &uid)) {
		r = getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found);
		/* A number without an account is enough if the caller names the directory. */
		if (r == 0 && !found) {
			*user = (struct qfile_user){.uid = uid, .gid = (gid_t)uid};
			return 0;
		}
	}
	if (r != 0 || !found)
		return r == 0 ? -ENOENT : -r;
	*user = (struct qfile_user){.uid = entry.pw_uid, .gid = entry.pw_gid};
	if (strlen(entry.pw_name) >= sizeof(user->name) ||
	    strlen(entry.pw_dir) >= sizeof(user->home))
		return -ENAMETOOLONG;
	strcpy(user->name, entry.pw_name);
	strcpy(user->home, entry.pw_dir);
	return 0;
}

int qfile_user_become(const struct qfile_user *user)
{
	int r;

	/*
	 * The process is that user already, and need not change its groups: the root of a
	 * container, for example, may not do so.
	 */
	if (user->uid == getuid() && user->uid == geteuid())
		return capabilities_keep_few();
	if (geteuid() != 0)
		return -EPERM;
	if (*user->name ? initgroups(user->name, user->gid) < 0 : setgroups(1, &user->gid) < 0)
		return -errno;
	/*
	 * Without PR_SET_KEEPCAPS the capabilities would be lost with the identity.
	 * capabilities_keep_few() then decides which of them stay.
	 */
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	r = capabilities_keep_few();
	return r < 0 || prctl(PR_SET_KEEPCAPS, 0) == 0 ? r : -errno;
}
