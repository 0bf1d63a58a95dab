/*
 * The programs of services, which are in a few directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_SERVICES_H
#define RPC_SERVICES_H
#include <limits.h>
#include <stddef.h>

#define SERVICE_DIRS_MAX 16

/* Where make install puts services, if that is none of the places that all look at. */
#ifdef RPC_SERVICES
#define SERVICES_OWN      RPC_SERVICES,
#define SERVICES_OWN_HELP "                         " RPC_SERVICES "\n"
#else
#define SERVICES_OWN
#define SERVICES_OWN_HELP
#endif
/* The default directories, in a list for --help. */
#define SERVICES_HELP                                                 \
	"                         /run/pedos-rpc\n" SERVICES_OWN_HELP \
	"                         /usr/local/etc/pedos-rpc\n"         \
	"                         /etc/pedos-rpc\n"

/* Fill in the default directories, NULL at the end, if there are none yet. */
void services_set_default(const char *dirs[SERVICE_DIRS_MAX]);

/*
 * Find the program of SERVICE[+ARGUMENT] in the directories (NULL at the end): one of that whole
 * name in any of them, else one named SERVICE. -ENOENT: there is none. -EPERM: it is no regular
 * file, or others than root and we may change it or exchange it, in one of the directories on the
 * way; `path` says which. Other errors: it cannot be seen whether it is at `path`. It can be run by
 * its path: who could put another there is trusted.
 */
int service_find(const char *const *dirs, const char *service, char path[PATH_MAX]);

/* The argument after the '+'; NULL: there is no '+'. */
const char *service_argument(const char *service);

#endif
