/*
 * The attributes of a file: mode, owner, access control list, extended attributes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H
#include <sys/types.h>

/*
 * Copy the attributes of `from` to `to`, a new file of the caller's with mode 0600.
 *
 * An attribute that the caller may not set is left out, as long as that gives nobody access to the
 * content: the owner, security.* and trusted.*. If the group cannot be set, the permissions of the
 * group are not given to another one. Set-ID bits, and what applies to the old content only
 * (security.capability and the like), are left out.
 *
 * -EPERM: the access control list would mean something else here, or the file system gives the file
 * another mode. Otherwise the errno of copying the list or a user.* attribute. After a failure `to`
 * may have some of the attributes.
 */
int attributes_copy(int from, int to);

/*
 * Set the mode, unless the file has it. -EPERM: it has another one, which cannot be changed here.
 * Otherwise the errno of setting it.
 */
int attributes_set_mode(int fd, mode_t mode);

#endif
