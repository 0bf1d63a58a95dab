/*
 * How a program begins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_STARTUP_H
#define CLI_STARTUP_H

/*
 * Open /dev/null in place of those of the descriptors 0 to 2 that are closed: else the next files
 * that are opened would pass for them.
 */
int descriptors_fill(void);

#endif
