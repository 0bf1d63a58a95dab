/*
 * Capabilities.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) ((uint64_t)1 << (capability))

/*
 * In this order, for: namespaces and mounts; chroot; emptying the bounding set; and mapping root
 * into a user namespace, when root receives.
 */
#define FEW (BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_CHROOT) | BIT(CAP_SETPCAP) | BIT(CAP_SETFCAP))

static int caps_get(uint64_t *effective, uint64_t *permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

static int caps_set(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
		{.effective = (uint32_t)(effective >> 32),
		 .permitted = (uint32_t)(permitted >> 32)},
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int capabilities_keep_few(void)
{
	uint64_t effective, permitted;
	int r = caps_get(&effective, &permitted);

	return r < 0 ? r : caps_set(0, permitted & FEW);
}

int capabilities_raise(void)
{
	uint64_t effective, permitted;
	int r = caps_get(&effective, &permitted);

	if (r < 0)
		return r;
	r = caps_set(permitted, permitted);
	return r < 0 ? r : (permitted & BIT(CAP_SYS_ADMIN)) != 0;
}

int capabilities_can_chroot(void)
{
	uint64_t effective = 0, permitted;
	int r = caps_get(&effective, &permitted);

	return r < 0 ? r : (effective & BIT(CAP_SYS_CHROOT)) != 0;
}

int capabilities_drop(void)
{
	/*
	 * This needs CAP_SETPCAP. A process that never had any privilege lacks it, and relies on
	 * no_new_privs alone.
	 */
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		prctl(PR_CAPBSET_DROP, capability);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return caps_set(0, 0);
}
