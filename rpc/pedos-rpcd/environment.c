/*
 * The environment of a service.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "environment.h"

#include "base/services.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A variable that does not fit is left out: no service gets a part of a value. */
static void __attribute__((format(printf, 2, 3)))
add(struct service_environment *environment, const char *format, ...)
{
	size_t room = sizeof(environment->text) - environment->used;
	char *entry = environment->text + environment->used;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(entry, room, format, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= room || environment->count + 1 >= SERVICE_ENVIRONMENT_MAX)
		return;
	environment->used += (size_t)n + 1;
	environment->entries[environment->count++] = entry;
}

void service_environment(struct service_environment *environment, const struct account *account,
			 const char *source, const char *service, const char *const *extra)
{
	const char *language = getenv("LANG"), *argument = service_argument(service);
	char runtime[40];

	*environment = (struct service_environment){.count = 0};
	add(environment, "QREXEC_REMOTE_DOMAIN=%s", source);
	add(environment, "QREXEC_SERVICE_FULL_NAME=%s", service);
	add(environment, "QREXEC_SERVICE_ARGUMENT=%s", argument ? argument : "");
	add(environment, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
	add(environment, "HOME=%s", account->home);
	add(environment, "SHELL=%s", account->shell);
	if (*account->name) {
		add(environment, "USER=%s", account->name);
		add(environment, "LOGNAME=%s", account->name);
	}
	/* Where it is not, programs that believe it complain all the time. */
	snprintf(runtime, sizeof(runtime), "/run/user/%u", (unsigned)account->uid);
	if (faccessat(AT_FDCWD, runtime, F_OK, 0) == 0)
		add(environment, "XDG_RUNTIME_DIR=%s", runtime);
	if (language)
		add(environment, "LANG=%s", language);
	for (; *extra; extra++)
		add(environment, "%s", *extra);
}
