/*
 * What a file has besides its content: mode, owner, access list, extended attributes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

/*
 * Give the new file `to`, which is the caller's and 0600, those of `from`. What the system does not
 * let the caller set is passed over where nobody gets at the content by that: an owner, security.*
 * and trusted.*. Where the group cannot be set, its permissions are not given to another one.
 * Set-ID bits and what vouches for the old content (security.capability and the like) are left out.
 * -EPERM: the access list would mean something else here. Else the errno of carrying an access list
 * or a user.* attribute. After a failure `to` may have some of them.
 */
int attributes_copy(int from, int to);

#endif
