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

/* A decimal number and nothing else; false where it is none, or does not fit. */
bool parse_count(const char *text, uint64_t *count);
/*
 * A size: a number with K, M, G or T behind it for powers of 1024; a number alone counts in `unit`
 * bytes.
 */
bool parse_size(const char *text, uint64_t unit, uint64_t *size);

#endif
