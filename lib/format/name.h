/*
 * Names made from other names: for entries that are delivered, and for files that are opened. Pure.
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
 * Write the name that an entry gets if its own name is taken to `numbered`: "report (2).pdf" for
 * "report.pdf" and 2. If the whole would exceed 255 bytes, the part before the extension is
 * shortened, never inside a UTF-8 character. A space that is there already serves for the one
 * before the bracket. -ENAMETOOLONG: the extension leaves no room for that part.
 */
int name_numbered(const char *name, unsigned number, char numbered[256]);

/* The same where names may have at most `longest` bytes, which are 255 or fewer. */
int name_numbered_within(const char *name, unsigned number, size_t longest, char numbered[256]);

/*
 * The same with a text in place of the number: "report (edited in work).pdf" for "edited in work".
 * `tag` must have only characters that qfile_name_check() accepts, and no '/'. -ENAMETOOLONG: the
 * tag and the extension leave no room for the part before them.
 */
int name_tagged(const char *name, const char *tag, char tagged[256]);

/*
 * Make a peer's name safe for a file of our own: copy `untrusted_name` to `name` with '_' in place
 * of each '/', each character that qfile_name_check() does not accept, and the first character of
 * the staging prefix. qfile_name_check() accepts what comes out. -EINVAL: `untrusted_name` is
 * empty, "." or "..", or longer than 255 bytes.
 */
int name_safe(const char *untrusted_name, size_t length, char name[256]);

#endif
