/*
 * Lists of entries to tell of: all are counted, and the first ones are remembered.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LISTED_H
#define LISTED_H
#include <stddef.h>
#include <stdint.h>

#define LISTED_MAX        100
#define LISTED_WORDS_SIZE 256
#define LISTED_LINE_SIZE  1280

struct listed {
	uint64_t count;
	/* The first LISTED_MAX; NULL where there was no memory. */
	char *names[LISTED_MAX];
	char *reasons[LISTED_MAX];
};

/* Add the entry called `name`, unsanitised. `why` as a part of a sentence: "it is a socket". */
void listed_add(struct listed *listed, const char *name, const char *why);
/* The same, with what an errno says. */
void listed_add_error(struct listed *listed, const char *name, int code);
/* Add what is in another list, whose texts are this one's then. */
void listed_take(struct listed *listed, const struct listed *other);
/*
 * Write what is said of the entry with this index, which has a name and a reason, to `text`, and
 * return its length. The size is LISTED_LINE_SIZE, or less for a shorter name, but more than
 * LISTED_WORDS_SIZE, which is for all but the name.
 */
size_t listed_line(const struct listed *listed, size_t i, const char *before, char *text,
		   size_t size);
/* Tell of the first ones on stderr, on lines that begin with `before`: "left out". */
void listed_say(const struct listed *listed, const char *before);

#endif
