/*
 * The public functions of text/ and of lib/format/text.c, name.c, fault.c and tagname.c, for every
 * length. name_check() and the other functions to which they pass their arguments are represented
 * by the contracts that name-parts.c proves. And find(), which calls the C library, for each length
 * by itself, in memory of that length.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "driver.h"

#include <stdbool.h>
#include <string.h>

#include "parts.h"

#include "text/properties.c"
#include "text/character.c"
#include "text/printable.c"
#include "text/vmname.c"
#include "format/name.c"
#include "format/fault.c"
#include "format/tagname.c"
#include "format/text.c"

#define BLOCK 128
#define LONGEST (QFILE_NAME_MAX + BLOCK) /* so that the last block is whole */

static char input[MOST], output[MOST], string[MOST], tag[MOST], made[COMPONENT_MAX + 1];

static void check(size_t length)
{
	const char *path = string + MOST - any_size(1, MOST);

	qfile_name_check(input, length, Frama_C_unsigned_int_interval(0, UINT_MAX));
	qfile_link_check(path, input, length, Frama_C_unsigned_int_interval(0, UINT_MAX));
}

static void print(size_t length, size_t size)
{
	struct qfile_name_fault fault;

	qfile_name_fault(input, length, &fault);
	qfile_printable(input, length, output, size);
	qfile_displayable(input, length, output, size, any_size(0, SIZE_MAX));
}

static void make(size_t length)
{
	name_safe(input, length, made);
	name_numbered(string, Frama_C_unsigned_int_interval(0, UINT_MAX), made);
	name_tagged(string, tag, made);
}

/* A string ends where its memory does, or is so long that its end is never reached. */
static void vm_names(void)
{
	static char longest[64];

	Frama_C_make_unknown(longest, sizeof(longest));
	qfile_vm_name_ok(longest);
	longest[63] = '\0';
	//@ loop unroll 64;
	for (size_t length = 0; length < sizeof(longest); length++)
		qfile_vm_name_ok(longest + 63 - length);
}

/* After each block the prover merges the states that it kept apart in it. */
static void find_in_block(const char *end, size_t least)
{
	//@ loop unroll BLOCK;
	for (size_t length = least; length < least + BLOCK; length++)
		find(end - length, end, (char)Frama_C_interval(CHAR_MIN, CHAR_MAX));
}

static void find_in_any(void)
{
	static char bytes[LONGEST];

	Frama_C_make_unknown(bytes, sizeof(bytes));
	//@ loop unroll LONGEST / BLOCK + 1;
	for (size_t least = 0; least < LONGEST; least += BLOCK)
		find_in_block(bytes + LONGEST, least);
}

int main(void)
{
	Frama_C_make_unknown(input, MOST);
	Frama_C_make_unknown(string, MOST - 1);
	Frama_C_make_unknown(tag, MOST - 1);
	check(any_size(0, SIZE_MAX));
	print(any_size(0, MOST), any_size(1, MOST));
	make(any_size(0, SIZE_MAX));
	vm_names();
	find_in_any();
	return 0;
}
