/*
 * Filling a struct qfile_error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef ERROR_H
#define ERROR_H
#include <qfile.h>

/*
 * Fill `error`, which may be NULL: `doing` (a static string or NULL) failed with `code`, a negative
 * errno, on the file `name` (NULL: none). Returns `code`.
 */
int error_set(struct qfile_error *error, int code, const char *doing, const char *name);
/* The same for a name of `length` bytes, which may be any bytes and are not terminated. */
int error_set_bytes(struct qfile_error *error, int code, const char *doing, const char *name,
		    size_t length);

#endif
