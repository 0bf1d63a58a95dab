/*
 * Walk a tree, one entry after another, in the order of the format: a directory, what is in it, the
 * directory again. The sender does, to send it; and the monitor, to see what its child has made.
 *
 * Memory depends on the depth alone (72 bytes a level), never on how many entries a directory has.
 * Links are not followed unless asked for, also not those that are put in a directory's place while
 * the walk goes on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WALK_H
#define WALK_H
#include "io/dirstack.h"

#define WALK_BUFFER_SIZE ((size_t)32 << 10)

/*
 * A flag beside those of qfile_measure(): the tree is our own. Directories that their owner may not
 * enter are entered all the same, and all have the mode and access time that they had once they are
 * left.
 */
#define WALK_NO_TRACE 0x100u

enum walk_kind {
	WALK_END,
	WALK_ENTER, /* a directory; its entries follow */
	WALK_LEAVE, /* the same directory, after them */
	WALK_FILE,  /* to be opened by the caller with walk_open() */
	WALK_LINK,
	WALK_OTHER, /* a socket, fifo or device */
};

struct walk_entry {
	enum walk_kind kind;
	/* As it is sent, from the source's base name on; without it where that is empty. */
	const char *path;
	size_t pathlen;
	int dir;          /* the directory it is in (of a source itself: the walk's `at`), and */
	const char *name; /* its name there */
	/*
	 * WALK_ENTER: of the directory. WALK_LEAVE: its file number, mode and times as it was
	 * entered. Else not set.
	 */
	struct stat status;
	bool followed; /* a link stands in its place (QFILE_DEREFERENCE) */
};

struct walk {
	const struct qfile_source *source;
	/*
	 * The source's path begins in this directory: AT_FDCWD, unless set otherwise after
	 * walk_init().
	 */
	int at;
	unsigned flags;
	bool started;
	struct dirstack dirs;
	struct walk_frame *frames; /* one for each of dirs.levels */
	size_t frames_size;
	/* The buffer holds entries of the directory at this depth; 0: of none. */
	size_t buffer_depth;
	size_t buffer_pos, buffer_end, buffer_want;
	char entry_path[QFILE_NAME_MAX + 1];
	_Alignas(8) char buffer[WALK_BUFFER_SIZE];
};

void walk_init(struct walk *walk, unsigned flags);
void walk_close(struct walk *walk);
/* Begin with a source; the walk before it must have ended. */
void walk_begin(struct walk *walk, const struct qfile_source *source);
/* The next entry; what it points to is valid until the call after. */
int walk_next(struct walk *walk, struct walk_entry *entry, struct qfile_error *error);
/*
 * Open a WALK_FILE for reading. Returns the descriptor; *status says what it is, which may have
 * become something else than a file.
 */
int walk_open(const struct walk_entry *entry, struct stat *status);
/* Look at an entry of any kind. */
int walk_stat(const struct walk_entry *entry, struct stat *status);

#endif
