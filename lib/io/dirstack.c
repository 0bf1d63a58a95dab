/*
 * A stack of directories: the way from the top of a tree to the current one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/dirstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_LEVELS 32 /* real trees are no deeper: none of their directories is opened twice */
/* More links inside links than the kernel itself would follow in one path. */
#define PINNED_LEVELS 64

void dirstack_init(struct dirstack *stack)
{
	*stack = (struct dirstack){.levels = NULL};
}

void dirstack_close(struct dirstack *stack)
{
	for (size_t i = 0; i < stack->depth; i++) {
		if (stack->levels[i].fd >= 0)
			close(stack->levels[i].fd);
	}
	free(stack->levels);
	dirstack_init(stack);
}

static int grow(struct dirstack *stack)
{
	size_t size = stack->size ? 2 * stack->size : 64;
	struct dirlevel *levels;

	if (stack->depth < stack->size)
		return 0;
	levels = reallocarray(stack->levels, size, sizeof(*levels));
	if (!levels)
		return -ENOMEM;
	stack->levels = levels;
	stack->size = size;
	return 0;
}

/*
 * Close the descriptor that has just left the deepest OPEN_LEVELS, unless ".." of the level below
 * would not lead back to it.
 */
static void close_far(struct dirstack *stack)
{
	struct dirlevel *far;

	if (stack->depth <= OPEN_LEVELS + 1)
		return;
	far = &stack->levels[stack->depth - 1 - OPEN_LEVELS];
	if (far->fd >= 0 && !far[1].by_link) {
		close(far->fd);
		far->fd = -1;
	}
}

int dirstack_push(struct dirstack *stack, const char *name, size_t length, int fd,
		  const struct stat *status, enum dirstack_step step)
{
	size_t slash = stack->pathlen > 0 && length > 0;
	int r = grow(stack);

	if (r == 0 && stack->pathlen + slash + length >= QFILE_NAME_MAX)
		r = -ENAMETOOLONG;
	if (r == 0 && step == DIRSTACK_BY_LINK && stack->pinned == PINNED_LEVELS)
		r = -ELOOP;
	if (r < 0) {
		close(fd);
		return r;
	}
	stack->levels[stack->depth++] = (struct dirlevel){
		.dev = status->st_dev,
		.ino = status->st_ino,
		.fd = fd,
		.pathlen = (uint16_t)stack->pathlen,
		.by_link = step == DIRSTACK_BY_LINK,
	};
	stack->pinned += step == DIRSTACK_BY_LINK;
	if (slash)
		stack->path[stack->pathlen++] = '/';
	memcpy(stack->path + stack->pathlen, name, length);
	stack->pathlen += length;
	stack->path[stack->pathlen] = '\0';
	close_far(stack);
	return 0;
}

/* Open `level` again through its child, which is open as `fd`. */
static int reopen(struct dirlevel *level, int fd)
{
	struct stat status;
	int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (up < 0)
		return -errno;
	if (fstat(up, &status) < 0)
		r = -errno;
	else if (status.st_dev != level->dev || status.st_ino != level->ino)
		r = -ESTALE;
	if (r < 0) {
		close(up);
		return r;
	}
	level->fd = up;
	return 0;
}

int dirstack_pop(struct dirstack *stack)
{
	struct dirlevel *level = &stack->levels[stack->depth - 1];

	if (stack->depth > 1 && level[-1].fd < 0) {
		int r = reopen(level - 1, level->fd);

		if (r < 0)
			return r;
	}
	stack->depth--;
	stack->pinned -= level->by_link;
	stack->pathlen = level->pathlen;
	stack->path[stack->pathlen] = '\0';
	return level->fd;
}

bool dirstack_contains(const struct dirstack *stack, const struct stat *status)
{
	for (size_t i = 0; i < stack->depth; i++) {
		if (stack->levels[i].dev == status->st_dev &&
		    stack->levels[i].ino == status->st_ino)
			return true;
	}
	return false;
}
