/*
 * All of settings.c: lines and texts of every length at once. What it calls is proven by
 * rpc-template.c, and the check of names by name.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include <stdbool.h>

/* It reads no more than the array of a name: name.c shows that. */
/*@ requires \valid_read(name + (0 .. 63)) && \initialized(name + (0 .. 63));
    assigns \result \from name[0 .. 63];
    ensures \result == 0 || \result == 1; */
bool vm_name_ok(const char *name);

#include "cli/number.c"
#include "cli/settings/keyvalue.c"
#include "cli/settings/settings.c"

static char input[MOST];
static struct settings settings;

static void any_line(void)
{
	const struct slice line = {input + MOST - any_size(0, MOST), input + MOST};

	check_line(&form, &settings, line);
}

static void texts(void)
{
	unsigned line;
	const char *why;

	settings_parse(input, any_size(0, MOST), &settings, &line, &why);
}

int main(void)
{
	Frama_C_make_unknown(input, MOST);
	settings_default(&settings);
	any_line();
	texts();
	return 0;
}
