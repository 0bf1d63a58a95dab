/*
 * Linked into what is built for measuring coverage: the counters live in a file beside the program
 * or library, which every process that runs it maps. Nothing needs to be written at its end: the
 * confined child cannot, and a killed process does not.
 *
 * With QFILE_COVERAGE_TO=DIRECTORY in the environment, a process writes what has been counted so
 * far to that directory, as gcov's data files, and ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#define _GNU_SOURCE /* for dladdr() */
#include <dlfcn.h>
#include <fcntl.h>
#include <gcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* Of tests/coverage/counters.ld. */
extern char counters_begin[] HIDDEN, counters_end[] HIDDEN;
extern const struct gcov_info *const records_begin[] HIDDEN, *const records_end[] HIDDEN;

/* Tests that shut a program off from its directory run uncounted. */
static void share_counters(void)
{
	size_t size = (size_t)(counters_end - counters_begin);
	char path[4096];
	Dl_info here;
	int fd;

	if (!dladdr(counters_begin, &here))
		return;
	snprintf(path, sizeof(path), "%s.counters", here.dli_fname);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (ftruncate(fd, (off_t)size) < 0 || mmap(counters_begin, size, PROT_READ | PROT_WRITE,
						   MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		abort();
	close(fd);
}

struct output {
	const char *directory;
	FILE *file;
};

static void begin_file(const char *name, void *argument)
{
	struct output *output = argument;
	const char *base = strrchr(name, '/');
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", output->directory, base ? base + 1 : name);
	output->file = fopen(path, "w");
	if (!output->file) {
		perror(path);
		_exit(1);
	}
}

static void write_bytes(const void *bytes, unsigned size, void *argument)
{
	const struct output *output = argument;

	fwrite(bytes, 1, size, output->file);
}

static void *allocate(unsigned size, void *argument)
{
	(void)argument;
	return malloc(size);
}

static void write_all(const char *directory)
{
	for (const struct gcov_info *const *record = records_begin; record < records_end;
	     record++) {
		struct output output = {.directory = directory};

		__gcov_info_to_gcda(*record, begin_file, write_bytes, allocate, &output);
		if (fclose(output.file) != 0)
			_exit(1);
	}
	_exit(0);
}

__attribute__((constructor)) static void begin(void)
{
	const char *directory = getenv("QFILE_COVERAGE_TO");

	share_counters();
	if (directory)
		write_all(directory);
}
