/*
 * The system calls that the confined child may use: an allow list for seccomp.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>

/* Set-user-ID, set-group-ID and sticky: no entry is made with them, nor gets them later. */
#define SPECIAL_BITS 07000

struct allowed {
	int syscall;
	/* Allowed if the bits `mask` of this argument are `value`. mask 0: always allowed. */
	unsigned argument;
	scmp_datum_t mask, value;
};

#define ALWAYS(name)                    \
	{                               \
		SCMP_SYS(name), 0, 0, 0 \
	}
#define NO_BITS(name, argument, mask)             \
	{                                         \
		SCMP_SYS(name), argument, mask, 0 \
	}
#define ONLY(name, argument, value)                  \
	{                                            \
		SCMP_SYS(name), argument, ~0u, value \
	}

static const struct allowed allowed[] = {
	/* The stream, the report, and a message of the C library's own before it aborts. */
	ALWAYS(read),
	ALWAYS(write),
	ALWAYS(writev),
	ALWAYS(poll), /* the stream may be non-blocking */
	ALWAYS(ppoll),
	ONLY(fcntl, 1, F_SETPIPE_SZ),

	/* Creating entries. */
	NO_BITS(openat, 3, SPECIAL_BITS),
	NO_BITS(mkdirat, 2, SPECIAL_BITS),
	ALWAYS(symlinkat),
	NO_BITS(fchmod, 1, SPECIAL_BITS),
	ALWAYS(pwrite64),
	ALWAYS(ftruncate),
	ALWAYS(utimensat),
	ALWAYS(utimensat_time64),
	ALWAYS(close),
	ALWAYS(umask),

	/* Recognizing a directory, and finding how much space is left. */
	ALWAYS(fstat),
	ALWAYS(newfstatat), /* what fstat() is on most machines */
	ALWAYS(fstat64),
	ALWAYS(fstatat64),
	ALWAYS(statx), /* and on 32-bit ones */
	ALWAYS(fstatfs),
	ALWAYS(fstatfs64),

	/* The heap: nothing executable. */
	ALWAYS(brk),
	NO_BITS(mmap, 2, PROT_EXEC),
	NO_BITS(mmap2, 2, PROT_EXEC),
	ALWAYS(mremap),
	ALWAYS(munmap),
	ALWAYS(madvise),
	ALWAYS(getrandom), /* some allocators call it first */

	/* Ending, and returning from a signal that stopped and continued us. */
	ALWAYS(exit),
	ALWAYS(exit_group),
	ALWAYS(restart_syscall),
	ALWAYS(rt_sigreturn),
#if defined(__SANITIZE_ADDRESS__) /* its runtime looks at the stack before a process ends */
	ALWAYS(sigaltstack),
#endif
};

static int add(scmp_filter_ctx filter, const struct allowed *rule)
{
	if (rule->mask == 0)
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->syscall, 0);
	return seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, rule->syscall, 1,
		SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value));
}

int seccomp_confine(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(allowed) / sizeof(*allowed); i++)
		r = add(filter, &allowed[i]);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
