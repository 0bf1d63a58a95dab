/*
 * Landlock: limits what the confined child may do inside its root directory, which chroot does not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Some kernel headers that this is built with are older than these. The numbers are a part of the
 * kernel's interface. The comments say since which version of Landlock they exist.
 */
#define ACCESS_FS_REFER       (1ULL << 13) /* version 2 */
#define ACCESS_FS_TRUNCATE    (1ULL << 14) /* 3 */
#define ACCESS_FS_IOCTL_DEV   (1ULL << 15) /* 5 */
#define ACCESS_NET_BIND       (1ULL << 0)  /* 4 */
#define ACCESS_NET_CONNECT    (1ULL << 1)  /* 4 */
#define SCOPE_ABSTRACT_SOCKET (1ULL << 0)  /* 6 */
#define SCOPE_SIGNAL          (1ULL << 1)  /* 6 */

/* All rights of version 1. What is handled and not granted below is refused. */
#define ACCESS_FS_FIRST ((1ULL << 13) - 1)

/*
 * What unpacking needs: making the three kinds of entries, writing files, and opening directories
 * to work in. It does not need to read a file, or to remove or run anything.
 */
#define GRANTED                                                                                    \
	(LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR | ACCESS_FS_TRUNCATE)

/*
 * struct landlock_ruleset_attr of version 6. An older kernel accepts it if the members that it does
 * not know are zero.
 */
struct ruleset {
	uint64_t access_fs, access_net, scoped;
};

static struct ruleset ruleset_of(long version)
{
	struct ruleset ruleset = {.access_fs = ACCESS_FS_FIRST};

	if (version >= 2)
		ruleset.access_fs |= ACCESS_FS_REFER;
	if (version >= 3)
		ruleset.access_fs |= ACCESS_FS_TRUNCATE;
	if (version >= 4)
		ruleset.access_net = ACCESS_NET_BIND | ACCESS_NET_CONNECT;
	if (version >= 5)
		ruleset.access_fs |= ACCESS_FS_IOCTL_DEV;
	if (version >= 6)
		ruleset.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	return ruleset;
}

int landlock_confine(int root)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset ruleset = ruleset_of(version);
	struct landlock_path_beneath_attr beneath = {.allowed_access = GRANTED & ruleset.access_fs,
						     .parent_fd = root};
	int fd, r = 0;

	if (version < 0)
		return -errno;
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	close(fd);
	return r;
}
