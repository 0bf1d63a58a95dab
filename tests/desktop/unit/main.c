/*
 * Runs the unit tests of qfile-send.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include <stdlib.h>

int main(void)
{
	static TCase *(*const cases[])(void) = {
		options_case,  selection_case, lines_case,    event_case, shown_case,
		rate_case,     words_case,     failure_case,  vms_case,   recent_case,
		programs_case, opened_case,    mimeapps_case,
	};
	Suite *suite = suite_create("qfile-send");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		suite_add_tcase(suite, cases[i]());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
