/*
 * The descriptors of a process that goes on alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_DESCRIPTORS_H
#define SYSTEM_DESCRIPTORS_H

/*
 * Close all descriptors but the standard ones and these two. Where the kernel has no such call
 * (Linux before 5.9), they stay open.
 */
void descriptors_keep(int one, int other);

#endif
