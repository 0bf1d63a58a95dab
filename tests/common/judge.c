/*
 * Says which of many names are accepted. On stdin each name comes with its length before it, in two
 * bytes, the lower one first. For each, one byte goes to stdout: '+', or '-' for one that is not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <qfile.h>
#include <stdio.h>

int main(void)
{
	static char name[1 << 16];
	int low, high;

	while ((low = getchar()) != EOF && (high = getchar()) != EOF) {
		size_t length = (size_t)low | (size_t)high << 8;

		if (fread(name, 1, length, stdin) != length)
			return 1;
		putchar(qfile_name_check(name, length, 0) == 0 ? '+' : '-');
	}
	return ferror(stdin) || fflush(stdout) == EOF;
}
