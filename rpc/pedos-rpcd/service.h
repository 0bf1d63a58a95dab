/*
 * Finding the program of a service, and its environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_SERVICE_H
#define RPCD_SERVICE_H
#include "account.h"

#include <limits.h>

/*
 * Find the program of SERVICE[+ARGUMENT] in the directories (NULL at the end): one of that whole
 * name in any of them, else one named SERVICE. -ENOENT: there is none. -EPERM: it is no regular
 * file, or others than root and we may change it or exchange it, in one of the directories on the
 * way; `path` says which. It can be run by its path: who could put another there is trusted.
 */
int service_find(const char *const *dirs, const char *service, char path[PATH_MAX]);

/* The argument after the '+'; NULL: there is no '+'. */
const char *service_argument(const char *service);

#define SERVICE_ENVIRONMENT_MAX (SETENV_MAX + 16)

struct service_environment {
	char *entries[SERVICE_ENVIRONMENT_MAX]; /* NULL at the end */
	size_t count;
	char text[16384];
	size_t used;
};

/*
 * Make the environment of a service: what it is told of its account and of the call, and `extra`
 * (NULL at the end). Of our own environment it gets only LANG.
 */
void service_environment(struct service_environment *environment, const struct account *account,
			 const char *source, const char *service, const char *const *extra);

#endif
