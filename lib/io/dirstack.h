/*
 * A stack of directories: the way from the top of a tree to the current one.
 *
 * Paths may be thousands of directories deep. Only the first descriptor and the deepest few stay
 * open. The others are opened again through ".." on the way back, and must be the same directories
 * then.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DIRSTACK_H
#define DIRSTACK_H
#include <qfile.h>
#include <stdbool.h>
#include <sys/stat.h>

/* How a directory is reached from the one above it. */
enum dirstack_step {
	DIRSTACK_BY_NAME,
	DIRSTACK_BY_LINK, /* a symbolic link: its ".." is another directory */
};

struct dirlevel {
	dev_t dev;
	ino_t ino;
	int fd;           /* -1: closed for now */
	uint16_t pathlen; /* of the path before this level's name was added */
	bool by_link;     /* entered as DIRSTACK_BY_LINK */
};

struct dirstack {
	struct dirlevel *levels;
	size_t depth, size;
	/* Levels reached through a link: the level above each stays open. */
	size_t pinned;
	size_t pathlen;
	/* The path of the deepest directory from the first level on, NUL-terminated. */
	char path[QFILE_NAME_MAX + 1];
};

void dirstack_init(struct dirstack *stack);
void dirstack_close(struct dirstack *stack);

/*
 * Enter `name`, a directory that is open as `fd`. `fd` belongs to the stack from now on, after a
 * failure too. `status` is what fstat() says of it. An empty name adds no component: for a root.
 * -ENAMETOOLONG: the path would exceed QFILE_NAME_MAX. -ELOOP: too many links inside links.
 */
int dirstack_push(struct dirstack *stack, const char *name, size_t length, int fd,
		  const struct stat *status, enum dirstack_step step);

/*
 * Leave the deepest directory. Returns its descriptor, which is the caller's from now on. -ESTALE:
 * what is above it is not the directory that it was entered from.
 */
int dirstack_pop(struct dirstack *stack);

/* The deepest directory's descriptor. */
static inline int dirstack_fd(const struct dirstack *stack)
{
	return stack->levels[stack->depth - 1].fd;
}

/* Is this directory in the stack? (Following a link to it would never end.) */
bool dirstack_contains(const struct dirstack *stack, const struct stat *status);

#endif
