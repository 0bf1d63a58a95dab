/*
 * The environment of a service.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_ENVIRONMENT_H
#define RPCD_ENVIRONMENT_H
#include "account.h"

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
