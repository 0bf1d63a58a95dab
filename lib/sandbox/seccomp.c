/*
 * The system calls that the confined child may use: an allow list for seccomp.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "sandbox/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Set-user-ID, set-group-ID and sticky: no entry is made with them, nor gets them later. */
#define SPECIAL_BITS 07000

/* What the low 32 bits of an argument must be: all that the kernel looks at of a descriptor. */
struct bits {
	scmp_datum_t mask, value;
};

struct descriptors {
	unsigned count;
	struct bits any_of[5];
};

#define NUMBER(fd)      \
	{               \
		~0u, fd \
	}

/* Which descriptors a call may use. The stream. */
static const struct descriptors stream = {1, {NUMBER(STDIN_FILENO)}};
/* The pipe of the reports to the monitor. */
static const struct descriptors report = {1, {NUMBER(STDOUT_FILENO)}};
/* Where the C library writes before it aborts. */
static const struct descriptors message = {1, {NUMBER(STDERR_FILENO)}};
/*
 * What the child opened itself: 3 to MAX_DESCRIPTORS - 1. "Greater than 2" would be true of
 * AT_FDCWD: seccomp compares 64 bits without a sign.
 */
static const struct descriptors own = {
	5, {NUMBER(3), {~3u, 4}, {~7u, 8}, {~15u, 16}, {~31u, MAX_DESCRIPTORS / 2}}};
/* No descriptor at all. */
static const struct descriptors none = {1, {NUMBER(UINT32_MAX)}};

struct allowed {
	int syscall;
	/* NULL: it takes no descriptor, or any. */
	const struct descriptors *descriptors;
	unsigned descriptor; /* which argument that is */
	/* And only where this argument has these bits; mask 0: whatever it is. */
	unsigned argument;
	struct bits bits;
};

#define ALWAYS(name)                      \
	{                                 \
		.syscall = SCMP_SYS(name) \
	}
#define ONLY(name, argument_, mask_, value_)                                                  \
	{                                                                                     \
		.syscall = SCMP_SYS(name), .argument = (argument_), .bits = { mask_, value_ } \
	}
#define ON(name, argument_, which)                                                            \
	{                                                                                     \
		.syscall = SCMP_SYS(name), .descriptors = &(which), .descriptor = (argument_) \
	}
#define ON_AND(name, argument_, which, other, mask_, value_)                                   \
	{                                                                                      \
		.syscall = SCMP_SYS(name), .descriptors = &(which), .descriptor = (argument_), \
		.argument = (other), .bits = {mask_, value_},                                  \
	}

static const struct allowed allowed[] = {
	/* The stream, the report, and a message of the C library's own before it aborts. */
	ON(read, 0, stream),
	ON(write, 0, report),
	ON(write, 0, message),
	ON(writev, 0, message),
	ALWAYS(poll), /* the stream may be non-blocking */
	ALWAYS(ppoll),
	ON_AND(fcntl, 0, stream, 1, ~0u, F_SETPIPE_SZ),

	/* Creating entries. */
	ON_AND(openat, 0, own, 3, SPECIAL_BITS, 0),
	ON_AND(mkdirat, 0, own, 2, SPECIAL_BITS, 0),
	ON(symlinkat, 1, own),
	ON_AND(fchmod, 0, own, 1, SPECIAL_BITS, 0),
	ON(pwrite64, 0, own),
	ON(ftruncate, 0, own),
	ON(utimensat, 0, own),
	ON(utimensat_time64, 0, own),
	ON(fsync, 0, own), /* few entries, or where syncfs() is not enough */
	ON(close, 0, own),
	ALWAYS(umask),

	/* Recognizing a directory, and finding how much space is left. */
	ON(fstat, 0, own),
	ON(newfstatat, 0, own), /* what fstat() is on most machines */
	ON(fstat64, 0, own),
	ON(fstatat64, 0, own),
	ON(statx, 0, own), /* and on 32-bit ones */
	ON(fstatfs, 0, own),
	ON(fstatfs64, 0, own),

	/* Waiting for the other thread, and waking it: no other operation on a futex. */
	ONLY(futex, 1, ~1u, FUTEX_WAIT_PRIVATE),

	/* The heap: of no file, and nothing executable. */
	ALWAYS(brk),
	ON_AND(mmap, 4, none, 2, PROT_EXEC, 0),
	ON_AND(mmap2, 4, none, 2, PROT_EXEC, 0),
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

/* Each call is a rule for each of the ways in which its descriptor may be right. */
static int add(scmp_filter_ctx filter, const struct allowed *call)
{
	const struct descriptors *fds = call->descriptors;

	for (unsigned i = 0; i < (fds ? fds->count : 1); i++) {
		struct scmp_arg_cmp compares[2];
		unsigned count = 0;
		int r;

		if (fds)
			compares[count++] = SCMP_CMP(call->descriptor, SCMP_CMP_MASKED_EQ,
						     fds->any_of[i].mask, fds->any_of[i].value);
		if (call->bits.mask)
			compares[count++] = SCMP_CMP(call->argument, SCMP_CMP_MASKED_EQ,
						     call->bits.mask, call->bits.value);
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->syscall, count, compares);
		if (r < 0)
			return r;
	}
	return 0;
}

int seccomp_confine(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? 0 : -ENOMEM;

	/*
	 * A tree of comparisons instead of a chain: the kernel goes through it at every call that
	 * has a descriptor. An older libseccomp makes a chain.
	 */
	if (r == 0)
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* The process has a thread. A call in another way than ours would end only that by itself.
	 */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; r == 0 && i < sizeof(allowed) / sizeof(*allowed); i++)
		r = add(filter, &allowed[i]);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
