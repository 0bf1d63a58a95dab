/*
 * Text of others, made safe for a window: one line or several, in which nothing controls, hides or
 * reorders what is beside it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_SHOWN_H
#define SEND_SHOWN_H
#include <glib.h>

/* All of them return a text that the caller frees, and accept any bytes. */

/*
 * A name, or a path: at most `columns` columns, a longer one without its beginning. It is isolated:
 * that it is written from right to left changes nothing around it.
 */
char *shown_name(const char *untrusted, size_t columns);

/* A sentence in one line, isolated, as long as a few lines of a window; a longer one is cut. */
char *shown_text(const char *untrusted);

/* Several lines, at most SHOWN_LINES of them: the last ones. */
#define SHOWN_LINES 200
char *shown_lines(const char *untrusted, size_t length);

/*
 * What a VM is called in a sentence, for a name, "@default" or "@dispvm:NAME". `sandbox`: as in
 * struct subject.
 */
char *shown_vm(const char *target, gboolean sandbox);

#endif
