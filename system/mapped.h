/*
 * Which accounts have a number in our user namespace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_MAPPED_H
#define SYSTEM_MAPPED_H
#include <stdbool.h>
#include <sys/types.h>

/*
 * Has this account a number here? The files of all that have none, of root too where it is one of
 * them, are shown as those of the overflow account, so that nobody can tell whose they are. True if
 * it cannot be found out.
 */
bool uid_is_mapped(uid_t uid);

#endif
