/*
 * What a user asked for, on stdout.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/told.h"

#include <err.h>
#include <stdio.h>

bool told(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
		return true;
	warn("writing to stdout");
	return false;
}
