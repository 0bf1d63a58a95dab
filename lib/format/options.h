/*
 * Options of the public interface, whose structs may grow from version to version. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef FORMAT_OPTIONS_H
#define FORMAT_OPTIONS_H
#include <errno.h>
#include <stddef.h>
#include <string.h>

/*
 * Copy the caller's options `given` over the defaults in `own`, as far as the caller's header knew
 * members. Both structs begin with their size. `first` is the size in the first version. -EINVAL:
 * `given` is smaller than that, such as a struct of zeros; or larger than `own`, with members that
 * this version does not know.
 */
static inline int options_take(void *own, size_t size, size_t first, const void *given)
{
	size_t given_size;

	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < first || given_size > size)
		return -EINVAL;
	memcpy(own, given, given_size);
	return 0;
}

#endif
