/*
 * What the drivers share: memory with any content, and the contracts of libraries.
 *
 * A driver is the main() of a proof. It calls functions with every argument that their contracts
 * allow, and the prover shows that none of them does anything undefined. What is read or written is
 * at the very end of its memory, so that one byte more is an alarm.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "utf8proc.h"

#include <__fc_builtin.h>

#define MOST (1 << 30) /* bytes, if all lengths are examined at once */

static size_t any_size(size_t least, size_t most)
{
	return Frama_C_unsigned_long_interval(least, most);
}
