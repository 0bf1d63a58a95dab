/*
 * The sources: what to send. All are examined before anything is sent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SOURCES_H
#define SOURCES_H
#include "explain.h"
#include "options.h"

#include <qfile.h>

/*
 * Returns a source for each argument, or NULL after a message about each that is wrong. *ending is
 * the first of these, then.
 */
struct qfile_source *sources_open(const struct options *options, struct ending *ending);

#endif
