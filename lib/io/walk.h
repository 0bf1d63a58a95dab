/*
 * Walk a tree, one entry after another, in the order of the format: a directory, what is in it, the
 * directory again. The sender walks what it sends; the monitor walks what its child has made.
 *
 * The memory used depends on the depth alone (72 bytes a level), not on the number of entries.
 * Links are only followed with QFILE_DEREFERENCE, even if one takes the place of a directory during
 * the walk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WALK_H
#define WALK_H
#include "format/pattern.h"
#include "io/dirstack.h"

#define WALK_BUFFER_SIZE ((size_t)32 << 10)

/*
 * A flag beside those of a sender, for a tree of our own: the walk also enters directories
 * that their owner may not enter, and when it leaves a directory, it restores the mode and the
 * access time.
 */
#define WALK_NO_TRACE 0x100u

enum walk_kind {
	WALK_END,
	WALK_ENTER, /* a directory; its entries follow */
	WALK_LEAVE, /* the same directory, after them */
	WALK_FILE,  /* a regular file; walk_open() opens it */
	WALK_LINK,
	WALK_OTHER,    /* a socket, fifo or device */
	WALK_EXCLUDED, /* walk.exclude matches it; a directory is not entered */
};

struct walk_entry {
	enum walk_kind kind;
	/* The name that is sent: the base name of the source, if not empty, then the rest. */
	const char *path;
	size_t pathlen;
	int dir;          /* the directory that the entry is in; for the source itself walk.at */
	const char *name; /* the entry's name in `dir` */
	/*
	 * WALK_ENTER: the status of the directory. WALK_LEAVE: its device, inode, mode and times
	 * when it was entered. Otherwise not set.
	 */
	struct stat status;
	bool followed; /* the name is a link, and the entry what it points to */
};

struct walk {
	const struct qfile_source *source;
	/*
	 * The directory that the source's path is relative to: AT_FDCWD, unless the caller sets
	 * another after walk_init().
	 */
	int at;
	unsigned flags;
	struct patterns
		exclude; /* what to leave out; the caller's, who sets it after walk_init() */
	bool started;
	/* The rest of the deepest directory could not be read: it is left next. */
	bool cut;
	/* The walk cannot go on: there is no way back, or no memory. */
	bool lost;
	struct dirstack dirs;
	struct walk_frame *frames; /* one for each of dirs.levels */
	size_t frames_size;
	/* The depth of the directory whose entries are in the buffer; 0: the buffer is empty. */
	size_t buffer_depth;
	size_t buffer_pos, buffer_end, buffer_want;
	size_t buffer_ahead; /* entries before this place have been asked for by walk_ahead() */
	char entry_path[QFILE_NAME_MAX + 1];
	_Alignas(8) char buffer[WALK_BUFFER_SIZE];
};

void walk_init(struct walk *walk, unsigned flags);
void walk_close(struct walk *walk);
/* Begin a source. The walk of the one before it must have ended. */
void walk_begin(struct walk *walk, const struct qfile_source *source);
/*
 * Get the next entry. What *entry points to is valid until the next call. A failure concerns one
 * entry, or the rest of a directory: entry->path names it, entry->followed says whether it was
 * looked for through a link, and entry->name is NULL unless it is an entry of a directory. The walk
 * goes on behind it with the next call, unless walk.lost is set.
 */
int walk_next(struct walk *walk, struct walk_entry *entry, struct qfile_error *error);
/*
 * Open a WALK_FILE for reading. Returns the descriptor. *status tells what was opened: in the
 * meantime the file may have become something else.
 */
int walk_open(const struct walk_entry *entry, struct stat *status);
/*
 * Have the kernel read the next few files of the same directory, as far as they are known, while
 * the caller waits for this one. Best effort, and without any if something is to be left out.
 */
void walk_ahead(struct walk *walk);
/* May a WALK_FILE be read? Returns 0 or a negative errno. Only opening it can tell for sure. */
int walk_readable(const struct walk_entry *entry);
/* Get the status of an entry of any kind. */
int walk_stat(const struct walk_entry *entry, struct stat *status);

#endif
