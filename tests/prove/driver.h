/*
 * What the drivers share: memory of arbitrary content, and the library's contracts.
 *
 * A driver is the main() of a proof. It calls functions with every argument that their contracts allow; the prover shows that none does anything
 * undefined. What is read lies at the very end of its memory, what is written too, so that one byte further is an alarm.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "utf8proc.h"

#include <__fc_builtin.h>

#define MOST (1 << 30) /* of bytes, where every length is taken at once */

static size_t any_size(size_t least, size_t most)
{
	return Frama_C_unsigned_long_interval(least, most);
}
