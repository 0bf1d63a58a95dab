/*
 * Numbers as users write them. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H
#include <stdbool.h>
#include <stdint.h>

/* Parse a decimal number and nothing else. Returns false if it is not one, or does not fit. */
bool parse_count(const char *text, uint64_t *count);
/*
 * Parse a size: a number with K, M, G or T after it, for powers of 1024. A number alone counts in
 * units of `unit` bytes, which is not 0. Returns false as parse_count().
 */
bool parse_size(const char *text, uint64_t unit, uint64_t *size);

/* The same of what is from `text` up to `end`, where no NUL has to be. */
bool parse_count_up_to(const char *text, const char *end, uint64_t *count);
bool parse_size_up_to(const char *text, const char *end, uint64_t unit, uint64_t *size);

#endif
