/*
 * Watching the directory that deliveries arrive in: what receivers make visible there.
 *
 * A receiver works in a staging directory beside what has arrived, moves the entries out of it when
 * the delivery is complete, and removes it. So what appears while there is one has arrived, and
 * what appears while there is none was put there by the user.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_INCOMING_H
#define NOTIFY_INCOMING_H
#include <glib.h>
#include <stdbool.h>

#include "text/vmname.h"

/* So many VMs are watched at most. */
#define INCOMING_SOURCES 1000

struct subject;

/* The directory of one VM. Never freed; it may be reused for another one when nobody needs it. */
struct source {
	char name[VM_NAME_MAX + 1];
	int wd;               /* -1: the directory is not there */
	GHashTable *stagings; /* names of the staging directories in it */
	GHashTable *seen; /* names that were there before there was an event about them, or NULL */
	struct subject *subject; /* what is told of it */
};

struct incoming_events {
	/* A source is new; it is watched from now on. */
	void (*added)(struct source *source);
	/* Something has arrived from it. */
	void (*arrived)(struct source *source, const char *name, bool folder);
	/* So has more than could be looked at. */
	void (*overflowed)(struct source *source);
	/* The last staging directory has gone: what has arrived is complete. */
	void (*settled)(struct source *source);
	/* May the source be forgotten? Its directory has gone. */
	bool (*unneeded)(const struct source *source);
};

/*
 * Watch the directory of this name in this home, from now on, whether it is there yet or not.
 * *events must stay. Returns 0 or a negative errno. A failure later ends the process, with a
 * message.
 */
int incoming_watch(const char *home, const char *name, const struct incoming_events *events);

/* The path of a source's directory, to be freed by the caller. */
char *incoming_path(const struct source *source);
/* The source of this name, which is added if it is not there yet; NULL: there are too many. */
struct source *incoming_source(const char *name);

#endif
