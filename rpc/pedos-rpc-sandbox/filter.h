/*
 * The system calls that nobody in a sandbox may use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FILTER_H
#define FILTER_H

/*
 * Write the filter, as bubblewrap's --seccomp takes it, to a file in memory. Returns its
 * descriptor, or a negative errno.
 */
int filter_make(void);

#endif
