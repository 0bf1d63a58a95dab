/*
 * seccomp: the system calls of the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

/*
 * The child's descriptors are below this: lib/io/dirstack.c keeps 33 directories open, and
 * lib/receive/child/writer.h up to 24 files.
 */
#define MAX_DESCRIPTORS 64

/*
 * From now on, any system call that unpacking does not need kills the process, and so does one that
 * it needs, on a descriptor that it does not need it for. Stdin is the stream, stdout takes reports
 * and stderr a last message. Needs no_new_privs. Returns 0, or a negative errno if the kernel has
 * no seccomp.
 */
int seccomp_confine(void);

#endif
