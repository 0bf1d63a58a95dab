/*
 * The functions of parts.h write only what their contracts say. Shown for the largest memory.
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

int main(void)
{
	struct qfile_name_fault fault;
	struct reading reading = {.goes_on = true};
	unsigned any = Frama_C_unsigned_int_interval(0, UINT_MAX);

	Frama_C_make_unknown(input, MOST);
	Frama_C_make_unknown(string, MOST - 1);
	name_check(input, input + MOST, any);
	link_check(string, input, input + MOST, any);
	for (const char *at = input, *end = input + MOST; at < end;)
		at = character_skip(at, end, &reading);
	find_fault(input, input + MOST, &fault);
	copy_printable(input, input + MOST, output, output + MOST - 1);
	displayable(input, input + MOST, output, output + MOST - 1, any_size(0, SIZE_MAX));
	safe_name(input + MOST - any_size(1, MOST), input + MOST, output, output + MOST - 1);
	tagged_name(string + MOST - any_size(1, MOST), string + MOST - 1,
		    input + MOST - any_size(0, MOST), input + MOST, made, made + COMPONENT_MAX);
	return 0;
}
