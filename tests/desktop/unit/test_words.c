/*
 * Unit tests of what is said of an action.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/filled.h"
#include "desktop/qfile-send/model/words.h"
#include "unit.h"

static const struct subject one = {ACTION_COPY, "work", "/home/me/$2.pdf", 1, FALSE},
			    many = {ACTION_MOVE, "work", "/a", 3, FALSE},
			    unknown = {ACTION_OPEN, NULL, "/a/dir/", 1, FALSE};

START_TEST(places_are_filled_in_any_order)
{
	ck_text(filled("$2, $1 $$ $3 $", "one", "$1"), "$1, one $$ $3 $");
	ck_text(filled_freeing("$1", g_strdup("a"), g_strdup("b")), "a");
}
END_TEST

START_TEST(items_and_vms_are_named)
{
	ck_text(words_question(&one), "To which VM should “" NAMED("$2.pdf") "” be copied?");
	ck_text(words_question(&many), "To which VM should 3 items be moved?");
	ck_text(words_question(&unknown), "In which VM should “" NAMED("dir") "” be opened?");
	ck_text(words_doing(&one), "Copying “" NAMED("$2.pdf") "” to " NAMED("work"));
	ck_text(words_done(&one), "“" NAMED("$2.pdf") "” was copied to " NAMED("work"));
	ck_text(words_done(&many), "3 items were moved to " NAMED("work"));
}
END_TEST

START_TEST(each_phase_has_words)
{
	const struct {
		enum phase phase;
		const char *text;
	} phases[] = {
		{PHASE_CALLING, "Waiting for the permission of " NAMED("work")},
		{PHASE_COUNTING, "Counting the files"},
		{PHASE_SENDING, NAMED("dir/name")},
		{PHASE_CONFIRMING, "Waiting until " NAMED("work") " has stored everything"},
		{PHASE_REMOVING, "Removing what was moved"},
		{PHASE_RECEIVING, "A save is coming back"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(phases); i++) {
		struct event event = {.phase = phases[i].phase, .name = (char *)"dir/name"};

		ck_text(words_phase(&one, &event), phases[i].text);
	}
}
END_TEST

START_TEST(a_sandbox_is_no_vm)
{
	const struct event calling = {.phase = PHASE_CALLING};
	const struct subject vm = {ACTION_VIEW, "@dispvm", "/a/b", 1, FALSE},
			     sandbox = {ACTION_VIEW, "@dispvm:web", "/a/b", 1, TRUE};

	ck_text(words_phase(&vm, &calling), "Waiting for a disposable VM");
	ck_text(words_phase(&sandbox, &calling), "Waiting for a disposable sandbox");
	ck_text(words_ended(&sandbox), "“" NAMED("b") "” is not open in a disposable sandbox any "
						      "more");
	ck_text(words_not_stored(&sandbox), "Nothing can be copied to a disposable sandbox: it is "
					    "thrown away when it is "
					    "closed, with everything in it. Nothing was sent.");
}
END_TEST

START_TEST(what_did_not_go_well_is_counted)
{
	const struct event last = {.phase = PHASE_DONE, .left_out = 2, .kept = 1};

	ck_text(words_partly(&many, &last),
		"3 items were moved to " NAMED("work") ", but not everything went well. Left out: "
						       "2. "
						       "Kept here, too: 1.");
}
END_TEST

START_TEST(a_prompt_says_who_wants_what)
{
	struct settings settings;

	settings_default(&settings);
	ck_text(words_prompt("a", "b", "PedOS.Filecopy+rename", &settings),
		NAMED("a") " wants to send files to " NAMED("b") ". Is that allowed?");
	ck_text(words_prompt("a", "b", "PedOS.OpenInVM", &settings),
		NAMED("a") " wants to open a file in " NAMED("b") ". Is that allowed?");
	ck_text(words_prompt("a", "b", "my.Shell+\xff", &settings),
		NAMED("a") " wants to use “" NAMED("my.Shell") "” of " NAMED("b") ". Is that "
										  "allowed?");
	strcpy(settings.copy_service, "qubes.Filecopy");
	ck_text(words_prompt("a", "b", "qubes.Filecopy", &settings),
		NAMED("a") " wants to send files to " NAMED("b") ". Is that allowed?");
	ck_text(words_prompt("a", "b", "PedOS.Filecopy", &settings),
		NAMED("a") " wants to use “" NAMED("PedOS.Filecopy") "” of " NAMED("b") ". Is that "
											"allowed?");
}
END_TEST

TCase *words_case(void)
{
	TCase *tcase = tcase_create("words");

	tcase_add_test(tcase, places_are_filled_in_any_order);
	tcase_add_test(tcase, items_and_vms_are_named);
	tcase_add_test(tcase, each_phase_has_words);
	tcase_add_test(tcase, a_sandbox_is_no_vm);
	tcase_add_test(tcase, what_did_not_go_well_is_counted);
	tcase_add_test(tcase, a_prompt_says_who_wants_what);
	return tcase;
}
