/*
 * Sentences with something filled in. A translation may have the places in any order.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_FILLED_H
#define SEND_FILLED_H

/* The format with `one` in place of "$1", and `two` of "$2". To be freed by the caller. */
char *filled(const char *format, const char *one, const char *two);

/* The same, of texts that it frees. */
char *filled_freeing(const char *format, char *one, char *two);

#endif
