/*
 * What a file was when it was looked at last, and whether it still is that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEEN_H
#define SEEN_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct seen {
	struct stat status;
	/*
	 * Its last change was so long ago that a later one would show in its times, and nobody had
	 * it open for writing: what is written to a mapping need not show.
	 */
	bool settled;
	uint64_t digest; /* of its content */
};

/* Has the file been renamed since, by us? That changes its ctime. */
enum seen_renaming {
	SEEN_NOT_RENAMED,
	SEEN_RENAMED
};

/* Note the status of a file, which is open as `fd`. The caller sets seen->digest. */
void seen_note(struct seen *seen, int fd, const struct stat *status);

bool seen_same_file(const struct stat *a, const struct stat *b);

/*
 * Open `name`, if it is still what *seen says: a file that was only touched, or written again with
 * the same content by its owner, is. Returns a descriptor, for reading. -ESTALE: it is not, or it
 * was put there by somebody else. Otherwise the errno of opening or reading it.
 */
int seen_look(int dir, const char *name, struct seen *seen, enum seen_renaming renaming);

/*
 * The same without opening it: 0 only if its status says that nothing was written to it, which does
 * not show within one tick of the disk's clock. For a last look at what was opened before.
 */
int seen_glance(int dir, const char *name, const struct seen *seen);

/*
 * Open `name`, if it is a file with the same content as the file that is open as `fd`, byte by
 * byte, and note its status in *status. Returns a descriptor, for reading. -ESTALE: its content is
 * another one, or was written to meanwhile. Otherwise the errno of opening or reading.
 */
int seen_find_same(int dir, const char *name, int fd, struct stat *status);

#endif
