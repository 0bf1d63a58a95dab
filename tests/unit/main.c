/*
 * Runs the unit tests. CK_TAP_LOG_FILE_NAME in the environment names a file to write the results to as TAP, CK_RUN_SUITE a suite to run alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "unit.h"

#include <stdlib.h>

int main(void)
{
	SRunner *runner = srunner_create(wire_suite());
	int failed;

	srunner_add_suite(runner, editwire_suite());
	srunner_add_suite(runner, name_suite());
	srunner_add_suite(runner, number_suite());
	srunner_add_suite(runner, error_suite());
	srunner_add_suite(runner, progress_suite());
	srunner_add_suite(runner, stream_suite());
	srunner_add_suite(runner, report_suite());
	srunner_add_suite(runner, dirstack_suite());
	srunner_add_suite(runner, walk_suite());
	srunner_add_suite(runner, unpack_suite());
	srunner_add_suite(runner, staging_suite());
	srunner_add_suite(runner, commit_suite());
	srunner_add_suite(runner, journal_remove_suite());
	srunner_add_suite(runner, confine_suite());
	srunner_add_suite(runner, verify_suite());
	srunner_add_suite(runner, vchan_suite());
	srunner_add_suite(runner, faults_suite());
	srunner_add_suite(runner, policy_suite());
	srunner_add_suite(runner, policy_file_suite());
	srunner_add_suite(runner, tables_suite());
	srunner_add_suite(runner, frame_suite());
	srunner_add_suite(runner, session_suite());
	srunner_add_suite(runner, screen_suite());
	srunner_add_suite(runner, relay_suite());
	srunner_add_suite(runner, desk_suite());
	srunner_add_suite(runner, watch_suite());
	srunner_add_suite(runner, holders_suite());
	srunner_add_suite(runner, handler_suite());
	srunner_add_suite(runner, answer_suite());
	srunner_add_suite(runner, editor_suite());
	srunner_add_suite(runner, attributes_suite());
	srunner_add_suite(runner, original_suite());
	srunner_add_suite(runner, place_suite());
	srunner_add_suite(runner, opener_suite());
	srunner_add_suite(runner, saving_suite());

	/* A test that crashes, hangs, or becomes another user must not take the others along. */
	srunner_set_fork_status(runner, CK_FORK);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	scratch_end();
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
