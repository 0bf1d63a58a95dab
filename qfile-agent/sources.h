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

struct sources {
	struct qfile_source *list;
	size_t count;
};

/*
 * Open a source for each argument. With --skip-unreadable, those that cannot be read are added to
 * *left_out instead. Returns false after a message about each that is wrong; *ending is the first
 * of these, then.
 */
bool sources_open(struct sources *sources, const struct options *options, struct listed *left_out,
		  struct ending *ending);

#endif
