/*
 * Writing a save into the file itself, where a new file in its place would not have its owner, its
 * other names or its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IN_PLACE_H
#define IN_PLACE_H
#include "open/opener/replace.h"

/*
 * Write `save` over the content of the target, whose inode stays. Before that, the content that it
 * has is copied, whole and on stable storage: beside it, or to the first directory of `keep`
 * (see struct opener_options) that can take it. The copy is removed when the save is on stable
 * storage. So after a crash at any moment, the file has the content of before, or the new one, or
 * the copy is there: see in_place_unfinished().
 *
 * `backup`: the copy is not removed, and has the name of a backup, "FILE~". `copy` becomes the
 * absolute path of the copy if it is there afterwards, and otherwise an empty text.
 *
 * After a failure the file has the content of before, or, if that cannot be written any more, the
 * copy is there.
 *  -ESTALE, -ENOENT: as target_replace().
 *  -EPERM, -EACCES, -ETXTBSY: it may not be written to.
 * Otherwise the errno of reading or writing, or of making the copy.
 */
int in_place_write(struct target *target, const struct save *save, const char *const *keep,
		   bool backup, char copy[4096]);

/*
 * Is there a copy that a crash has left, also of another name of the file's? Writes its absolute
 * path to `path`, or an empty text.
 */
void in_place_unfinished(const struct target *target, const char *const *keep, char path[4096]);

#endif
