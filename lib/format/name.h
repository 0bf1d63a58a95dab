/*
 * Names that are made from others: for what is delivered, and for what is opened. Pure.
 *
 * The room lib/format: names, errors, and what is on the wire. Bytes in, structures out. It may use
 * text/ and system/. It touches no files and no descriptors, and allocates nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FORMAT_NAME_H
#define FORMAT_NAME_H
#include <stddef.h>

/*
 * The name under which an entry called `name` is delivered when that name is taken: "report
 * (2).pdf" for number 2. The part before the extension is shortened, never inside a UTF-8
 * character, where the whole would exceed 255 bytes. `numbered` has room for 256 bytes.
 * -ENAMETOOLONG: the extension leaves no room for it.
 */
int name_numbered(const char *name, unsigned number, char numbered[256]);

/*
 * The same with a text in place of the number: "report (edited in work).pdf" for "edited in work".
 * `tag` has characters that qfile_name_check() accepts, and no '/'. -ENAMETOOLONG: it and the
 * extension leave no room for the name.
 */
int name_tagged(const char *name, const char *tag, char tagged[256]);

/*
 * A name for a file of our own that is to be called like a peer's: `untrusted_name` with '_' for
 * each character that qfile_name_check() does not accept, for each '/', and for the first one of
 * the staging prefix: qfile_name_check() accepts the result. `length` is at most 255, the longest
 * that `name` can hold. -EINVAL: it is longer, or empty, "." or "..".
 */
int name_safe(const char *untrusted_name, size_t length, char name[256]);

#endif
