/*
 * The content of a file that is sent. It ends where reading ends, whatever the file's size is said
 * to be: /proc says 0, /sys says 4096, and a file may grow or shrink at any time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef READING_H
#define READING_H
#include "io/walk.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct reading {
	int fd;             /* -1: no file is open */
	struct stat status; /* when it was opened */
	uint64_t length;    /* what the receiver is told */
	uint64_t offset;    /* how far it was read */
	/* The length is being found by reading, since the size says nothing. */
	bool counting;
	bool counted;  /* it was found so */
	bool quiet;    /* nobody has written to it in the last seconds */
	bool is_local; /* as in struct reading_disk */
	/* Whose next files are read ahead where this one has to be waited for; NULL: nobody's. */
	struct walk *ahead;
};

/* The file system of the last file, to be asked for once only. All zero at first. */
struct reading_disk {
	dev_t dev;
	bool known;
	/* It keeps files on a disk or in memory itself: a read that ends at the size ends there. */
	bool is_local;
	bool is_slow; /* what is not in memory is waited for */
};

/* Open the file, which `walk` has come to, with `length` as its size says. -ESTALE: it is no
 * regular file any more. */
int reading_open(struct reading *content, struct walk *walk, const struct walk_entry *entry,
		 struct reading_disk *disk);
void reading_close(struct reading *content);
/* Back to the beginning, to read it a second time. */
int reading_rewind(struct reading *content);
/* Read on until the end, or until `size` bytes were read: fewer mean that the end was seen. */
ssize_t reading_read(struct reading *content, void *bytes, size_t size);
/*
 * Is there a last byte where the size says, and none behind it? If the file is growing, its length
 * becomes the size that it has now.
 */
bool reading_has_its_size(struct reading *content);
/* Was it changed since it was opened? */
bool reading_changed(const struct reading *content);

#endif
