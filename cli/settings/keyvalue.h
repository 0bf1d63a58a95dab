/*
 * Files of lines KEY=VALUE. Pure.
 *
 * The room cli/settings: what /etc/qfilecopy.conf says, and the form of such files. It may use cli/
 * and text/. What is in a file is data: nothing of it is ever run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SETTINGS_KEYVALUE_H
#define SETTINGS_KEYVALUE_H
#include <stdbool.h>
#include <stddef.h>

/* A part of a text, which no NUL has to end. */
struct slice {
	const char *at, *end;
};

size_t slice_length(struct slice slice);
bool slice_is(struct slice slice, const char *string);
/* The first `c`, or the end. */
const char *slice_find(struct slice slice, char c);
/* Copy it as a string. False: it does not fit into `size` bytes with its NUL, and is cut. */
bool slice_copy(struct slice slice, char *string, size_t size);

/*
 * A key of a file. take() gets its value, which has no blanks around it and no NUL, and says what
 * is wrong, or NULL.
 */
struct key {
	const char *name;
	const char *(*take)(void *into, struct slice value);
};

/* The form of a file. */
struct keyvalue {
	const struct key *keys;
	size_t count;
	size_t line_max;     /* bytes */
	const char *no_such; /* what is wrong with any other key; best with those that there are */
};

/*
 * Read a text: each line is empty, or a comment that begins with '#', or KEY=VALUE with blanks
 * around both. What a key sets, in `into`, its last line decides. 0, or -EINVAL: *why is a static
 * sentence that says what is wrong with the line *line, counted from 1.
 */
int keyvalue_parse(const char *untrusted_text, size_t length, const struct keyvalue *form,
		   void *into, unsigned *line, const char **why);

#endif
