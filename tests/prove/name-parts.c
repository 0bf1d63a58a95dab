/*
 * The functions of text/ and of name.c, fault.c and tagname.c in lib/format that work from one
 * pointer to another, for every length up to MOST at once. Both what is read and what is written
 * end where their memory does. find() is represented by its contract.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include <stdbool.h>
#include <string.h>

#include "parts.h"

#include "text/properties.c"
#include "text/character.c"
#include "text/printable.c"
#include "format/name.c"
#include "format/fault.c"
#include "format/tagname.c"

static char input[MOST], output[MOST], string[MOST], made[COMPONENT_MAX + 1];

static void check(const char *text, const char *end)
{
	const char *path = string + MOST - any_size(1, MOST);
	struct qfile_name_fault fault;

	name_check(text, end, Frama_C_unsigned_int_interval(0, UINT_MAX));
	link_check(path, text, end, Frama_C_unsigned_int_interval(0, UINT_MAX));
	find_fault(text, end, &fault);
}

static void write(const char *text, const char *end, char *to, const char *last)
{
	copy_printable(text, end, to, last);
	displayable(text, end, to, last, any_size(0, SIZE_MAX));
}

/* As rpc/base/screen.c does it: the text goes on behind its end. */
static void read(const char *text, const char *end)
{
	struct reading reading = {.goes_on = true};

	while (text < end)
		text = character_skip(text, end, &reading);
}

/* A name has an end that can be read, its NUL; a tag need not have one. */
static void make(const char *tag, const char *tag_end)
{
	tagged_name(string + MOST - any_size(1, MOST), string + MOST - 1, tag, tag_end, made,
			made + COMPONENT_MAX);
}

int main(void)
{
	const char *end = input + MOST, *text = end - any_size(1, MOST), *last = output + MOST - 1;
	char *to = output + MOST - any_size(1, MOST);

	Frama_C_make_unknown(input, MOST);
	Frama_C_make_unknown(string, MOST - 1);
	check(text, end);
	read(text, end);
	write(text, end, to, last);
	write(end, end, to, last);
	safe_name(text, end, to, last);
	make(text, end);
	make(end, end);
	return 0;
}
