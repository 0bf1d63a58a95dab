/*
 * The templates of disposable VMs: for each a file TEMPLATE.cfg in one directory, which is a
 * configuration for xl, and beside it, if anything is to be said, TEMPLATE.conf.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEMPLATES_H
#define TEMPLATES_H
#include "base/names.h"

#include <stdint.h>

#define TEMPLATES_MAX 32 /* with a file TEMPLATE.conf */
#define PRELOAD_MAX   32 /* spare VMs of all templates together */

struct vm_template {
	char name[RPC_NAME_SIZE];
	unsigned preload;   /* so many VMs of it wait, booted */
	int64_t next_spare; /* no further one is made before, by clock_now() */
};

struct templates {
	const char *directory;
	struct vm_template list[TEMPLATES_MAX];
	unsigned count;
};

/*
 * Read all files TEMPLATE.conf that are beside a TEMPLATE.cfg. That the directory does not exist is
 * fine. Returns whether all were read; if not, the log says what is wrong, and *templates is as it
 * was.
 */
bool templates_load(struct templates *templates);

/* The template that the target "@dispvm[:TEMPLATE]" names. */
const char *templates_name(const char *target);

#define TEMPLATE_PATH_SIZE 4352 /* of TEMPLATE.cfg, and a NUL */

/*
 * Make the path of TEMPLATE.cfg, and see that it is there, and that nobody but root and our own
 * account can change it, or a directory on its way. NULL; or, in plain words, what is wrong.
 */
const char *templates_find(const struct templates *templates, const char *name,
			   char path[TEMPLATE_PATH_SIZE]);

#endif
