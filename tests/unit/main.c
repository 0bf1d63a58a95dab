/*
 * Runs the unit tests: unit-tests [NAME]..., all or those of the files that are called so ("wire":
 * test_wire.c). CK_TAP_LOG_FILE_NAME in the environment names a file to write the results to as
 * TAP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The exit status where no suite is called so. */
#define NONE_CALLED_SO 3

/* Bytes, more than all buffers. */
#define KEPT (32 << 20)

/*
 * Tests of functions that only compute leave nothing behind: they share a process, since each start
 * of one costs more than they do. One that crashes, hangs, or becomes another user must not take
 * the others along: all others have a process each.
 */
enum kind {
	PURE,
	APART
};

static const struct {
	const char *name;
	Suite *(*make)(void);
	enum kind kind;
} suites[] = {
	/* clang-format off */
	{"character", character_suite, PURE},
	{"printable", printable_suite, PURE},
	{"vmname", vmname_suite, PURE},
	{"similar", similar_suite, PURE},
	{"text", text_suite, PURE},
	{"wire", wire_suite, PURE},
	{"renames", renames_suite, PURE},
	{"remarks", remarks_suite, PURE},
	{"editwire", editwire_suite, PURE},
	{"name", name_suite, PURE},
	{"pattern", pattern_suite, PURE},
	{"number", number_suite, PURE},
	{"settings", settings_suite, PURE},
	{"command", command_suite, PURE},
	{"error", error_suite, PURE},
	{"options", options_suite, PURE},
	{"progress", progress_suite, PURE},
	{"json", json_suite, PURE},
	{"log", log_suite, APART},
	{"stream", stream_suite, APART},
	{"report", report_suite, APART},
	{"said", said_suite, APART},
	{"dirstack", dirstack_suite, APART},
	{"walk", walk_suite, APART},
	{"disk", disk_suite, APART},
	{"unpack", unpack_suite, APART},
	{"unpack_disk", unpack_disk_suite, APART},
	{"writer", writer_suite, APART},
	{"staging", staging_suite, APART},
	{"commit", commit_suite, APART},
	{"journal_remove", journal_remove_suite, APART},
	{"reading", reading_suite, APART},
	{"sandbox", sandbox_suite, APART},
	{"verify", verify_suite, APART},
	{"destination", destination_suite, APART},
	{"vchan", vchan_suite, APART},
	{"ring", ring_suite, APART},
	{"xenstore", xenstore_suite, APART},
	{"faults", faults_suite, APART},
	{"names", names_suite, PURE},
	{"template", template_suite, PURE},
	{"filter", filter_suite, APART},
	{"words", words_suite, APART},
	{"policy", policy_suite, PURE},
	{"policy_file", policy_file_suite, APART},
	{"tables", tables_suite, APART},
	{"frame", frame_suite, PURE},
	{"session", session_suite, PURE},
	{"screen", screen_suite, PURE},
	{"relay", relay_suite, APART},
	{"daemon_log", daemon_log_suite, APART},
	{"peername", peername_suite, APART},
	{"pending", pending_suite, PURE},
	{"refusals", refusals_suite, APART},
	{"calls", calls_suite, APART},
	{"over", over_suite, PURE},
	{"workdir", workdir_suite, APART},
	{"watch", watch_suite, APART},
	{"in_use", in_use_suite, APART},
	{"handler", handler_suite, APART},
	{"reply", reply_suite, APART},
	{"saves", saves_suite, APART},
	{"editor", editor_suite, APART},
	{"attributes", attributes_suite, APART},
	{"original", original_suite, APART},
	{"version", version_suite, APART},
	{"replace", replace_suite, APART},
	{"faster", faster_suite, APART},
	{"create", create_suite, APART},
	{"in_place", in_place_suite, APART},
	{"beside", beside_suite, APART},
	{"lock", lock_suite, APART},
	{"opener", opener_suite, APART},
	{"saving", saving_suite, APART},
	{"private", private_suite, APART},
	/* clang-format on */
};

static bool is_wanted(const char *name, char **wanted)
{
	if (!*wanted)
		return true;
	while (*wanted)
		if (strcmp(*wanted++, name) == 0)
			return true;
	return false;
}

/*
 * Run those of one kind that are wanted: a document of TAP each. Counts the suites in `chosen`,
 * returns how many tests failed.
 */
static int run(enum kind kind, char **wanted, unsigned *chosen)
{
	SRunner *runner = srunner_create(NULL);
	unsigned before = *chosen;
	int failed = 0;

	srunner_set_fork_status(runner, kind == PURE ? CK_NOFORK : CK_FORK);
	for (size_t i = 0; i < COUNT(suites); i++) {
		if (suites[i].kind != kind || !is_wanted(suites[i].name, wanted))
			continue;
		srunner_add_suite(runner, suites[i].make());
		++*chosen;
	}
	if (*chosen > before) {
		srunner_run_all(runner, CK_ENV);
		failed = srunner_ntests_failed(runner);
	}
	srunner_free(runner);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned chosen = 0;
	int failed;

	(void)argc;
	/*
	 * The library's large buffers come and go thousands of times: let them be the same memory,
	 * and not each time new pages.
	 */
	mallopt(M_MMAP_THRESHOLD, KEPT);
	mallopt(M_TRIM_THRESHOLD, KEPT);
	scratch_begin();
	alarm(HANGS); /* the others are watched one by one */
	failed = run(PURE, argv + 1, &chosen);
	alarm(0);
	failed += run(APART, argv + 1, &chosen);
	scratch_end();
	if (chosen == 0) {
		fputs("unit-tests: there are no tests of that name\n", stderr);
		return NONE_CALLED_SO;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
