/*
 * What to send: the arguments, looked at before anything is sent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SOURCES_H
#define SOURCES_H
#include "options.h"

#include <qfile.h>

/* One source for each argument, or NULL after saying what is wrong with them. */
struct qfile_source *sources_open(const struct options *options);

#endif
