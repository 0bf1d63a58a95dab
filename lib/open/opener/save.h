/*
 * A save of a file, as it comes: it grows without a name in the directory where it may get one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVE_H
#define SAVE_H
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct save {
	int fd;                  /* -1: there is none */
	int dir;                 /* the caller's */
	char name[NAME_MAX + 1]; /* a temporary one in `dir`; empty: it has none yet */
	uint64_t announced;      /* bytes that are to come; 0: not known */
	uint64_t size;           /* bytes that have */
	uint32_t crc;            /* of them: the caller's to set */
};

/*
 * Begin one, 0600. -ENOSPC: there is no room for the `announced` bytes. Else the errno of making a
 * file in `dir`, which has to stay open until save_end().
 */
int save_begin(struct save *save, int dir, uint64_t announced);
/* Append. On failure it is what it was before. */
int save_write(struct save *save, const void *bytes, size_t size);
/* Go on in another directory, with all that has come. On failure it is where it was. */
int save_move(struct save *save, int dir);
/* Let it have a temporary name, if it has none. */
int save_name(struct save *save);
/*
 * Let it have the name `name` in its directory, in place of the temporary one, if that is free.
 * -EEXIST: it is taken.
 */
int save_link(struct save *save, const char *name);
/* Close it. With its temporary name it disappears. */
void save_end(struct save *save);

#endif
