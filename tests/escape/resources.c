/*
 * Using up more than is granted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MUCH (512UL << 20) /* twice what the child is granted */

/* Addresses only: a machine that grants them is not to suffer. */
static int fill_memory(void)
{
	const size_t piece = 16UL << 20;

	for (size_t size = 0; size < MUCH; size += piece) {
		char *memory = mmap(NULL, piece, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			return errno;
		*memory = 1;
	}
	return ESCAPED;
}

static int grow_heap(void)
{
	return sbrk((intptr_t)MUCH) == (void *)-1 ? errno : ESCAPED;
}

static int map_shared(void)
{
	return mmap(NULL, MUCH, PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? errno
		       : ESCAPED;
}

static int use_up_descriptors(void)
{
	for (int i = 0; i < 200; i++) {
		if (openat(scene.root, ".", O_RDONLY | O_DIRECTORY) < 0)
			return errno;
	}
	return ESCAPED;
}

static int raise_limit(void)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	return why(setrlimit(RLIMIT_AS, &limit));
}

static int raise_limit_by_prlimit(void)
{
	const struct rlimit limit = {100, 100};

	return why(prlimit(0, RLIMIT_NPROC, &limit, NULL));
}

static int lock_memory(void)
{
	static char memory[4096];

	return why(mlock(memory, sizeof(memory)));
}

/* An instruction that does not exist: whether it dumps core, run.py sees. */
static int dump_core(void)
{
	__builtin_trap();
}

#define GETS "it gets that much"
#define MAY  "the kernel does it"

const struct attempt resource_attempts[] = {
	{"memory", "map more memory than granted", GETS, fill_memory, NULL},
	{"heap", "grow the heap beyond what is granted", GETS, grow_heap, NULL},
	{"memory-shared", "map more shared memory than granted", GETS, map_shared, NULL},
	{"descriptors", "open 200 descriptors", GETS, use_up_descriptors, NULL},
	{"setrlimit", "lift the limit of memory", MAY, raise_limit, NULL},
	{"prlimit", "lift the limit of processes", MAY, raise_limit_by_prlimit, NULL},
	{"mlock", "lock memory", MAY, lock_memory, NULL},
	{"core", "dump core", "the monitor sees a dump", dump_core,
	 "not dumpable; and the machine says where dumps go, if anywhere"},
	{0},
};
