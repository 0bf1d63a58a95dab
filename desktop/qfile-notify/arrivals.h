/*
 * What has arrived from one VM, until its notice is closed: counted, and the first names kept.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef NOTIFY_ARRIVALS_H
#define NOTIFY_ARRIVALS_H
#include <glib.h>
#include <stdbool.h>

/* Names that are kept, whatever the sender makes. The others are counted. */
#define ARRIVALS_KEPT 20

struct arrivals {
	unsigned long files, folders; /* links are files */
	bool more;                    /* and some that were not seen */
	unsigned kept;
	struct arrival {
		char *name; /* as it is in the directory */
		bool folder;
	} first[ARRIVALS_KEPT];
};

void arrivals_add(struct arrivals *arrivals, const char *name, bool folder);
void arrivals_clear(struct arrivals *arrivals);
/*
 * Forget those of the kept names that are not in this directory any more: a delivery may be taken
 * back, and users move what has come. Where all names were kept, the counts are right again.
 */
void arrivals_check(struct arrivals *arrivals, const char *directory);
bool arrivals_none(const struct arrivals *arrivals);

#endif
