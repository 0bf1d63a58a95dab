/*
 * What the attacks share. They run behind the list of system calls: nothing here makes one that the
 * attack did not mean to make.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "escape.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int why(long result)
{
	return result < 0 ? errno : ESCAPED;
}

/* Shared by the monitor, the child and what an attack starts. Telling needs no system call. */
static struct {
	size_t used;
	char text[64 << 10];
} * told;

void say_open(void)
{
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		err(2, "mmap");
}

void say(const char *format, ...)
{
	char text[1024];
	va_list arguments;
	size_t length, at;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	length = strlen(text);
	text[length++] = '\n';
	at = __atomic_fetch_add(&told->used, length, __ATOMIC_RELAXED);
	if (at + length < sizeof(told->text))
		memcpy(told->text + at, text, length);
}

const char *said(void)
{
	return told->text;
}

int steal(int fd)
{
	char bytes[100];
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno;
	say("read: %.*s", (int)n, bytes);
	return ESCAPED;
}

int make_file(const char *name, int mode)
{
	int fd = openat(scene.root, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);

	scene.received.size.entries += fd >= 0;
	return fd;
}

int make_directory(const char *name)
{
	if (mkdirat(scene.root, name, 0700) < 0)
		return -1;
	scene.received.size.entries++;
	return openat(scene.root, name, O_RDONLY | O_DIRECTORY);
}

int make_link(const char *target, const char *name)
{
	int r = symlinkat(target, scene.root, name);

	scene.received.size.entries += r == 0;
	return r;
}
