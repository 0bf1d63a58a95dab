/*
 * Text and names in JSON. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H
#include <stddef.h>

/*
 * Write `length` bytes as the inside of a JSON string, NUL-terminated. Each byte that is no UTF-8
 * becomes U+FFFD. What does not fit into `size` bytes (at least 1) is left out. Returns the length
 * written.
 */
size_t json_text(const char *bytes, size_t length, char *text, size_t size);

/* Bytes that are enough for json_text() or json_name() of so many, and keys of the usual length. */
#define JSON_TEXT_SIZE(length) (6 * (length) + 1)
#define JSON_NAME_SIZE(length) (16 * (length) + 1024)

/*
 * Write the members `"KEY"`, as json_text(), and `"KEY_shown"`, safe to show on a terminal. A name
 * that is no UTF-8 also gets `"KEY_hex"`, its bytes in hexadecimal digits, unless they do not fit
 * into a quarter of `size`. At least 1024 bytes. Returns the length written.
 */
size_t json_name(const char *key, const char *name, size_t length, char *text, size_t size);

#endif
