/*
 * Patterns of names: what is to be left out of a delivery. Pure.
 *
 * A pattern is split at its slashes. Each part is a pattern of fnmatch(3) for one component of a
 * name, in which '*' and '?' also match a dot at the beginning. A part "**" matches any number of
 * components; at the end of the pattern, at least one. The pattern must match the whole name, or,
 * unless it begins with a slash, the last components of it. With a slash at its end it matches
 * directories only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PATTERN_H
#define PATTERN_H
#include <stdbool.h>
#include <stddef.h>

struct patterns {
	struct pattern **list;
	size_t count;
};

/*
 * Prepare the patterns in `texts`, which ends with NULL (NULL itself: none). -EINVAL: one has no
 * part, such as "" and "/". After a failure there is nothing to free.
 */
int patterns_init(struct patterns *patterns, const char *const *texts);
void patterns_free(struct patterns *patterns);
/*
 * Does one of them match `name`, a canonical one? Those for directories only do if `is_directory`.
 */
bool patterns_match(const struct patterns *patterns, const char *name, bool is_directory);

#endif
