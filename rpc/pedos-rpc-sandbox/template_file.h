/*
 * The files of templates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEMPLATE_FILE_H
#define TEMPLATE_FILE_H
#include "template.h"

/* The directory of the machine's templates. Below the user's configuration it has the same name. */
#define TEMPLATE_DIRECTORY "/etc/pedos-rpc/disposables"

/*
 * Read the template `name`, a VM's name: the user's own, else the machine's. "default" need not be
 * there. -ENOENT: there is none. For that and any other negative errno, `failure` says what is
 * wrong, where, and what to do.
 */
int template_load(const char *name, struct template *template, char *failure, size_t size);

/* Write the names of all templates but "default" to stdout, a line each, each once. */
int template_list(void);

#endif
