/*
 * What a receiver's error code means, in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FAILURES_H
#define FAILURES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The words before and after the entry's name; what to do, also where the user gives the receiver
 * its options themselves (NULL: the same); and the option of this program that helps, or NULL.
 * Words before the name that end in ", at " stand without it if no entry is named. <side> and
 * <place> in the words are for explain_fill().
 */
struct failure {
	uint32_t code;
	const char *before, *after, *advice, *advice_via, *help;
};

/* NULL: a code that no receiver of ours sends. */
const struct failure *failure_of(uint32_t code);

/* Is the entry's name refused because a part of it begins as only names of the receiver's do? */
bool failure_is_reserved(uint32_t code, const char *name, size_t length);

/* As failure_of(), with words of their own for such a name. */
const struct failure *failure_of_entry(uint32_t code, const char *name, size_t length);

/*
 * The same for a receiver that has read nothing of the stream, so that it is the place of delivery
 * that stands in the way. Such words name no entry: there is only `before`, and advice.
 */
const struct failure *failure_of_place(uint32_t code);

#endif
