/*
 * Names of VMs. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TEXT_VMNAME_H
#define TEXT_VMNAME_H
#include <stdbool.h>

#define VM_NAME_MAX 63 /* characters */

/*
 * Is `name` the name of a VM? A letter, then letters, digits, '_', '-' and '.', at most VM_NAME_MAX
 * in all (ASCII).
 */
bool vm_name_ok(const char *name);

#endif
