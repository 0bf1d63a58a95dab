/*
 * Names that one may have been meant by another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/similar.h"

#include "text/vmname.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool same(char a, char b)
{
	return strncasecmp(&a, &b, 1) == 0;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The distance of the first `i` characters of one from the first `k` of the other, in a table. */
static unsigned distance(const char *one, size_t i, const char *other, size_t k,
			 unsigned char table[VM_NAME_MAX + 1][VM_NAME_MAX + 1])
{
	unsigned found;

	if (i == 0 || k == 0)
		return (unsigned)(i + k);
	found = table[i - 1][k - 1] + !same(one[i - 1], other[k - 1]);
	found = least(found, 1 + least(table[i - 1][k], table[i][k - 1]));
	if (i > 1 && k > 1 && same(one[i - 1], other[k - 2]) && same(one[i - 2], other[k - 1]))
		found = least(found, table[i - 2][k - 2] + 1u);
	return found;
}

unsigned similar_distance(const char *one, const char *other)
{
	unsigned char table[VM_NAME_MAX + 1][VM_NAME_MAX + 1];
	size_t length = strnlen(one, VM_NAME_MAX), other_length = strnlen(other, VM_NAME_MAX);
	unsigned found;

	for (size_t i = 0; i <= length; i++) {
		for (size_t k = 0; k <= other_length; k++)
			table[i][k] = (unsigned char)distance(one, i, other, k, table);
	}
	found = table[length][other_length];
	return found < SIMILAR_NOT && 2 * found < length ? found : SIMILAR_NOT;
}
