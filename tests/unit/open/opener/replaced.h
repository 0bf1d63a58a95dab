/*
 * A file that has been sent, and a version of it that is to take its place: for the tests of that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPLACED_H
#define REPLACED_H
#include "open/opener/original.h"

extern struct original original;
extern struct target *const target; /* that of `original` */
extern struct save save;            /* the version */

/* Open a file, having sent it. */
void open_named(const char *name);
/* The same, of "file". */
void open_file(void);
/* A version comes. */
void begin(const char *content);
/* All of it in a new directory: "file" holds "before", and the version "after". */
void start(void);
/* Remove the version. These names are left, and no others. */
void check_tidy(const char *names);
/* Somebody else writes into "file". */
void change(void);

#endif
