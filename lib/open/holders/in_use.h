/*
 * Has a process the file in use? /proc tells, for processes of the same account.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HOLDERS_IN_USE_H
#define HOLDERS_IN_USE_H
#include "open/holders/target.h"

/*
 * Ways in which a process can have the file in use, or anything else in the private directory, or
 * that itself.
 */
enum way {
	WAY_NONE,
	WAY_NAMED,   /* its command line has the path */
	WAY_CURRENT, /* the directory, or one in it, is its current directory */
	WAY_AROUND,  /* it has an inotify watch on the directory */
	WAY_OPEN,    /* it has it open or mapped */
	WAY_WATCHED, /* it has an inotify watch on the file, as long as a document is shown */
};

/* What to look for: to be made anew for each look. */
struct search {
	const struct target *target;
	struct target_names names;
	int named;     /* 0; or the negative errno of finding these out */
	enum way seen; /* how the inotify instance that is being looked at watches it */
};

void search_begin(struct search *search, struct target *target);
/*
 * How the process that is open as `dir` has it in use: an enum way, the last one that applies. It
 * has ended: WAY_NONE. A negative errno: that cannot be seen.
 */
int in_use(int dir, const struct search *search);

#endif
