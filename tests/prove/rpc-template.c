/*
 * All of template.c, and of keyvalue.c and number.c, which it calls: lines, numbers and texts of
 * every length at once. Lines and numbers end where their memory does; a function that gets a
 * length only adds it to the pointer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include "cli/number.c"
#include "cli/settings/keyvalue.c"
#include "pedos-rpc-sandbox/template.c"

#define SHORT 20 /* texts of each length by itself */
#define LONG  30 /* longer than any number that fits */

static char input[MOST], string[LONG], path[PATH_MAX];
static struct template template;

static void numbers(void)
{
	uint64_t number;

	parse_count_up_to(input + MOST - any_size(0, MOST), input + MOST, &number);
	parse_size_up_to(input + MOST - any_size(0, MOST), input + MOST,
			 Frama_C_unsigned_long_interval(1, UINT64_MAX), &number);
	//@ loop unroll LONG;
	for (size_t length = 0; length < LONG; length++) {
		parse_count(string + LONG - 1 - length, &number);
		parse_size(string + LONG - 1 - length, 1, &number);
	}
}

/* After any others. */
static void any_line(void)
{
	const struct slice line = {input + MOST - any_size(0, MOST), input + MOST};

	slice_copy(line, path, sizeof(path));
	template.bind_count = any_size(0, TEMPLATE_BINDS_MAX);
	check_line(&form, &template, line);
	//@ assert template.bind_count <= TEMPLATE_BINDS_MAX;
}

static void texts(void)
{
	unsigned line;
	const char *why;

	template_parse(input, any_size(0, MOST), &template, &line, &why);
	//@ loop unroll SHORT;
	for (size_t length = 0; length < SHORT; length++)
		template_parse(input + MOST - length, length, &template, &line, &why);
}

int main(void)
{
	Frama_C_make_unknown(input, MOST);
	Frama_C_make_unknown(string, LONG - 1);
	template_default(&template);
	numbers();
	any_line();
	texts();
	return 0;
}
