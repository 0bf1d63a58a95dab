/*
 * Unit tests of the objects that programs write.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/event.h"
#include "unit.h"

#include <string.h>

static gboolean parse(const char *line, struct event *event)
{
	return event_parse(line, strlen(line), event);
}

START_TEST(progress_is_read)
{
	struct event event;

	ck_assert(parse("{\"phase\":\"sending\",\"bytes\":7,\"total_bytes\":9,\"entries\":1,"
			"\"total_entries\":2,\"name\":\"a b\",\"seconds\":0.5}",
			&event));
	ck_assert_int_eq(event.phase, PHASE_SENDING);
	ck_assert_uint_eq(event.bytes, 7);
	ck_assert_uint_eq(event.total_bytes, 9);
	ck_assert_uint_eq(event.entries, 1);
	ck_assert_uint_eq(event.total_entries, 2);
	ck_assert_str_eq(event.name, "a b");
	ck_assert_int_eq(event.outcome, OUTCOME_NONE);
	event_clear(&event);
}
END_TEST

START_TEST(the_last_object_is_read)
{
	struct event event;

	ck_assert(parse("{\"phase\":\"done\",\"outcome\":\"failed\",\"code\":17,\"message\":\"m\","
			"\"help\":[\"rename\",\"other\",3],\"entry\":\"e\",\"left_out_count\":2,"
			"\"left_out\":[{\"name\":\"n\",\"name_shown\":\"n\",\"why\":\"w\"},4],"
			"\"changed_count\":0,\"changed\":[],\"kept_count\":1,\"kept\":\"no list\"}",
			&event));
	ck_assert_int_eq(event.phase, PHASE_DONE);
	ck_assert_int_eq(event.outcome, OUTCOME_FAILED);
	ck_assert_uint_eq(event.code, 17);
	ck_assert_str_eq(event.message, "m");
	ck_assert_str_eq(event.entry, "e");
	ck_assert_uint_eq(event.help, HELP_RENAME);
	ck_assert_uint_eq(event.left_out, 2);
	ck_assert_uint_eq(event.kept, 1);
	ck_assert_str_eq(event.remarks, "n: w\n");
	event_clear(&event);
}
END_TEST

START_TEST(an_opening_is_read)
{
	struct event event;

	ck_assert(parse("{\"phase\":\"open\",\"saves\":2,\"saves_here\":1,\"note\":\"n\","
			"\"beside\":\"b\",\"kept\":\"k\",\"before\":\"f\"}",
			&event));
	ck_assert_int_eq(event.phase, PHASE_OPEN);
	ck_assert_uint_eq(event.saves, 2);
	ck_assert_uint_eq(event.saves_here, 1);
	ck_assert_str_eq(event.note, "n");
	ck_assert_str_eq(event.beside, "b");
	ck_assert_str_eq(event.kept_at, "k");
	ck_assert_str_eq(event.before, "f");
	event_clear(&event);
}
END_TEST

static const char *const no_objects[] = {
	"", "[]", "7", "null", "{", "{\"phase\":\"done\"", "\"done\"", "\xff\xfe", "{]}",
};

START_TEST(what_is_no_object_is_none)
{
	struct event event;

	ck_assert(!parse(no_objects[_i], &event));
}
END_TEST

/* Members of another kind, and words that later versions may add. */
static const char *const odd[] = {
	"{}",
	"{\"phase\":7,\"bytes\":\"7\",\"name\":[],\"total_bytes\":-1,\"saves\":1.5}",
	"{\"phase\":\"dreaming\",\"bytes\":{},\"outcome\":\"won\"}",
	"{\"phase\":null,\"bytes\":true,\"help\":{}}",
};

START_TEST(what_is_odd_is_left_out)
{
	struct event event;

	ck_assert(parse(odd[_i], &event));
	ck_assert_int_eq(event.phase, PHASE_OTHER);
	ck_assert_uint_eq(event.bytes, 0);
	ck_assert_uint_eq(event.total_bytes, 0);
	ck_assert_uint_eq(event.saves, 0);
	ck_assert_int_eq(event.outcome, OUTCOME_NONE);
	ck_assert_ptr_null(event.name);
	event_clear(&event);
}
END_TEST

TCase *event_case(void)
{
	TCase *tcase = tcase_create("event");

	tcase_add_test(tcase, progress_is_read);
	tcase_add_test(tcase, the_last_object_is_read);
	tcase_add_test(tcase, an_opening_is_read);
	tcase_add_loop_test(tcase, what_is_no_object_is_none, 0, (int)G_N_ELEMENTS(no_objects));
	tcase_add_loop_test(tcase, what_is_odd_is_left_out, 0, (int)G_N_ELEMENTS(odd));
	return tcase;
}
