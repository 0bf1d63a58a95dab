/*
 * Unit tests of how failures are said.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/failure.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static const struct subject copying = {ACTION_COPY, "work", "/home/me/a", 1, FALSE},
			    opening = {ACTION_OPEN, "work", "/home/me/a", 1, FALSE};

/* No window has words that only programmers know. */
static void is_plain(const char *text)
{
	static const char *const jargon[] = {"errno", "EEXIST",  "stream", "staging", "--",
					     "rpc",   "service", "stderr", "status",  "process",
					     "$1",    "$2",      "policy"};

	ck_assert(text && *text);
	for (size_t i = 0; i < G_N_ELEMENTS(jargon); i++)
		ck_assert_msg(!strstr(text, jargon[i]), "%s has %s", text, jargon[i]);
}

static void says(const struct subject *subject, const struct event *last, int status,
		 const char *part, enum remedy remedy)
{
	const struct ended ended = {.last = last, .status = status};
	struct failure failure;

	failure_find(subject, &ended, &failure);
	ck_assert_msg(strstr(failure.sentence, part) != NULL, "%s: %s", failure.sentence, part);
	is_plain(failure.sentence);
	is_plain(failure.advice);
	ck_assert_int_eq(failure.remedy, remedy);
	failure_clear(&failure);
}

static struct event failed(guint32 code, unsigned help)
{
	return (struct event){.phase = PHASE_DONE,
			      .outcome = OUTCOME_FAILED,
			      .code = code,
			      .help = help,
			      .entry = (char *)"dir/e"};
}

START_TEST(numbers_have_sentences)
{
	const struct event taken = failed(EEXIST, HELP_RENAME), full = failed(ENOSPC, 0),
			   unreadable = failed(EACCES, HELP_SKIP_UNREADABLE),
			   link = failed(ENOLINK, HELP_DEREFERENCE), odd = failed(4095, 0),
			   no_program = failed(ENOENT, 0), no_screen = failed(ENODEV, 0);

	says(&copying, &taken, 1, "There is a “" NAMED("e") "” in " NAMED("work"),
	     REMEDY_KEEP_BOTH);
	says(&copying, &full, 1, "The disk of " NAMED("work") " is full", REMEDY_NONE);
	says(&copying, &unreadable, 1, "could not be read", REMEDY_LEAVE_OUT);
	says(&copying, &link, 1, "is a link", REMEDY_FOLLOW);
	says(&copying, &odd, 1, "could not be copied", REMEDY_NONE);
	says(&opening, &odd, 1, "could not be opened", REMEDY_NONE);
	says(&opening, &no_program, 1, "There is no program in ", REMEDY_NONE);
	says(&opening, &no_screen, 1, "There is no screen in ", REMEDY_NONE);
}
END_TEST

START_TEST(every_number_is_plain)
{
	for (guint32 code = 1; code < 140; code++) {
		const struct event last = failed(code, 0);

		says(&copying, &last, 1, "", REMEDY_NONE);
		says(&opening, &last, 1, "", REMEDY_NONE);
	}
}
END_TEST

START_TEST(calls_that_fail_are_told_apart)
{
	says(&copying, NULL, 126, "not allowed", REMEDY_NONE);
	says(&copying, NULL, 127, "cannot be done in ", REMEDY_NONE);
	says(&opening, NULL, 125, "There is no connection to ", REMEDY_NONE);
}
END_TEST

/* What has failed is the copying or the opening, and then the call. */
static void begins_well(const struct subject *subject, guint32 code)
{
	const struct event last = failed(code, 0);
	const struct ended ends[] = {
		{.last = &last, .status = 1},
		{.status = (int)code},
	};
	struct failure failure;

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		failure_find(subject, &ends[i], &failure);
		ck_assert_msg(!g_ascii_islower(*failure.sentence), "%s", failure.sentence);
		failure_clear(&failure);
	}
}

START_TEST(a_vm_without_a_name_begins_no_sentence)
{
	const struct subject subjects[] = {
		{ACTION_COPY, "@default", "/home/me/a", 1, FALSE},
		{ACTION_OPEN, "@default", "/home/me/a", 1, FALSE},
		{ACTION_OPEN, "@dispvm", "/home/me/a", 1, FALSE},
		{ACTION_VIEW, "@dispvm:web", "/home/me/a", 1, TRUE},
	};

	for (guint32 code = 1; code < 140; code++) {
		for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++)
			begins_well(&subjects[i], code);
	}
}
END_TEST

START_TEST(a_disposable_that_was_not_made_is_called_so)
{
	struct subject subject = {ACTION_VIEW, "@dispvm", "/home/me/a", 1, TRUE};

	says(&subject, NULL, 125, "No disposable sandbox could be made.", REMEDY_NONE);
	subject.sandbox = FALSE;
	subject.vm = "@dispvm:web";
	says(&subject, NULL, 125, "No disposable VM could be made.", REMEDY_NONE);
}
END_TEST

START_TEST(a_call_that_was_taken_is_no_call_that_failed)
{
	struct event last = failed(ECONNRESET, 0);
	const struct ended ended = {.last = &last, .status = 125, .reached = TRUE};
	struct failure failure;

	failure_find(&copying, &ended, &failure);
	ck_assert_ptr_nonnull(strstr(failure.sentence, "was lost. Nothing was copied."));
	failure_clear(&failure);
	failure_find(&opening, &ended, &failure);
	ck_assert_ptr_nonnull(strstr(failure.sentence, "Every save that has come is here."));
	failure_clear(&failure);
}
END_TEST

START_TEST(silence_is_no_success)
{
	says(&copying, NULL, 0, "ended without saying how", REMEDY_NONE);
	says(&copying, NULL, 137, "ended without saying how", REMEDY_NONE);
	says(&opening, NULL, 0, "could not be opened", REMEDY_NONE);
}
END_TEST

START_TEST(what_is_graver_is_said_first)
{
	struct event last = failed(EEXIST, HELP_RENAME);

	last.outcome = OUTCOME_DAMAGED;
	says(&copying, &last, 1, "is not what was sent", REMEDY_NONE);
	last.outcome = OUTCOME_UNKNOWN;
	says(&copying, &last, 125, "Nobody can say", REMEDY_NONE);
	last.outcome = OUTCOME_INCOMPLETE;
	says(&opening, &last, 1, "may be damaged", REMEDY_NONE);
}
END_TEST

START_TEST(others)
{
	struct failure failure;

	failure_of_start("qfile-agent", "No such\nfile", &failure);
	ck_assert_str_eq(failure.sentence, "The program qfile-agent could not be started: " NAMED(
						   "No such?file") ".");
	failure_clear(&failure);
	failure_of_folder(&opening, &failure);
	ck_assert_str_eq(failure.sentence, "“" NAMED("a") "” is a folder. Only files can be opened "
							  "in " NAMED("work") ".");
	failure_clear(&failure);
	ck_assert_ptr_null(failure.sentence);
}
END_TEST

TCase *failure_case(void)
{
	TCase *tcase = tcase_create("failure");

	tcase_add_test(tcase, numbers_have_sentences);
	tcase_add_test(tcase, every_number_is_plain);
	tcase_add_test(tcase, calls_that_fail_are_told_apart);
	tcase_add_test(tcase, a_vm_without_a_name_begins_no_sentence);
	tcase_add_test(tcase, a_disposable_that_was_not_made_is_called_so);
	tcase_add_test(tcase, a_call_that_was_taken_is_no_call_that_failed);
	tcase_add_test(tcase, silence_is_no_success);
	tcase_add_test(tcase, what_is_graver_is_said_first);
	tcase_add_test(tcase, others);
	return tcase;
}
