/*
 * What a program does first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_STARTUP_H
#define CLI_STARTUP_H

/*
 * Open /dev/null as those of the descriptors 0 to 2 that are closed, so that no other file gets one
 * of these numbers.
 */
void descriptors_fill(void);

/*
 * Exit with a message where the stack may not grow to what the programs need: they would die of a
 * signal. A limit that may be raised is.
 */
void stack_need(void);

#endif
