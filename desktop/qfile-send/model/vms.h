/*
 * The VMs to choose from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_VMS_H
#define SEND_VMS_H
#include <glib.h>

/*
 * The names in what "pedos-rpc --list" writes, a line each, in that order; the one called `last`
 * (NULL: none) comes first. What is no name of a VM, and no "@dispvm" or "@dispvm:TEMPLATE", is
 * left out, and each is there once. An array of strings that frees them, to be freed by the caller.
 */
GPtrArray *vms_parse(const char *text, gsize length, const char *last);

/* Is this one that is made for the call, and gone afterwards? */
gboolean vms_is_disposable(const char *name);

/* What a list has for a name, to be freed by the caller. `sandbox`: as in struct subject. */
char *vms_label(const char *name, gboolean sandbox);

/* Does a label have what was typed in it? Upper and lower case are the same. */
gboolean vms_matches(const char *label, const char *typed);

#endif
