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
 * Find the program of SERVICE[+ARGUMENT] in the directories `dirs` (NULL at the end): first a file
 * with the whole name in any of them, then one with the name SERVICE. Fills `path`.
 * -ENOENT: there is none.
 * -EPERM: the file `path` is not regular, or somebody other than root and us may change it.
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
