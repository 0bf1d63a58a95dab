/*
 * Which frame may come when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "protocol/session.h"

/*
 * A frame, as a letter: STDIN, STDOUT and STDERR are i, o and e, their ends I, O and E; UNWANTED of
 * them x, y and z.
 */
static const struct {
	char letter;
	enum rpc_frame_type type;
	uint32_t length, number;
} alphabet[] = {
	{'h', RPC_HELLO, 4, RPC_VERSION},
	{'v', RPC_HELLO, 4, 2},
	{'c', RPC_CALL, 20, 0},
	{'s', RPC_QUESTION, 20, 0},
	{'d', RPC_ASKING, 0, 0},
	{'a', RPC_ACCEPTED, 0, 0},
	{'r', RPC_REFUSED, 4, 13},
	{'i', RPC_STDIN, 1, 0},
	{'I', RPC_STDIN, 0, 0},
	{'o', RPC_STDOUT, 65536, 0},
	{'O', RPC_STDOUT, 0, 0},
	{'e', RPC_STDERR, 4, 0},
	{'E', RPC_STDERR, 0, 0},
	{'q', RPC_EXIT, 4, 0},
	{'Q', RPC_EXIT, 4, 255},
	{'w', RPC_EXIT, 4, 256},
	{'x', RPC_UNWANTED, 4, 5},
	{'y', RPC_UNWANTED, 4, 6},
	{'z', RPC_UNWANTED, 4, 7},
	{'u', RPC_UNWANTED, 4, 0},
	{'U', RPC_UNWANTED, 4, 8},
	{'k', RPC_UNWANTED, 4, 37},
	{'K', RPC_UNWANTED, 4, UINT32_MAX},
};

static int say(struct rpc_session *session, char letter)
{
	size_t i = 0;

	while (alphabet[i].letter != letter)
		i++;
	return rpc_session_next(
		session,
		&(struct rpc_frame){.type = alphabet[i].type, .length = alphabet[i].length},
		alphabet[i].number);
}

/*
 * What a caller or a service may say, and then, one at a time, what it may say next: any letter but
 * those is wrong.
 */
static const struct {
	enum rpc_role peer;
	const char *said, *next;
} states[] = {
	{RPC_CALLER, "", "h"},        {RPC_CALLER, "h", "cs"},
	{RPC_CALLER, "hc", "iIyz"},   {RPC_CALLER, "hciii", "iIyz"},
	{RPC_CALLER, "hcI", "yz"},    {RPC_CALLER, "hciI", "yz"},
	{RPC_CALLER, "hcy", "iIz"},   {RPC_CALLER, "hczi", "iIy"},
	{RPC_CALLER, "hcyzI", ""},    {RPC_CALLER, "hs", ""},
	{RPC_SERVICE, "", "h"},       {RPC_SERVICE, "h", "ard"},
	{RPC_SERVICE, "hr", ""},      {RPC_SERVICE, "ha", "oOeEx"},
	{RPC_SERVICE, "hd", "ar"},    {RPC_SERVICE, "hda", "oOeEx"},
	{RPC_SERVICE, "hdr", ""},     {RPC_SERVICE, "haoeoe", "oOeEx"},
	{RPC_SERVICE, "haO", "eEx"},  {RPC_SERVICE, "haE", "oOx"},
	{RPC_SERVICE, "hax", "oOeE"}, {RPC_SERVICE, "haoeOE", "qQx"},
	{RPC_SERVICE, "haEOx", "qQ"}, {RPC_SERVICE, "haOEq", ""},
	{RPC_SERVICE, "haxOEQ", ""},
};

START_TEST(each_state)
{
	for (size_t i = 0; i < COUNT(alphabet); i++) {
		bool may = strchr(states[_i].next, alphabet[i].letter);
		struct rpc_session session;

		rpc_session_begin(&session, states[_i].peer);
		for (const char *said = states[_i].said; *said; said++)
			ck_assert_msg(say(&session, *said) == 0, "%s: %c", states[_i].said, *said);
		ck_assert_msg(say(&session, alphabet[i].letter) == (may ? 0 : -EPROTO),
			      "%s, then %c", states[_i].said, alphabet[i].letter);
	}
}
END_TEST

/* What is wrong changes nothing: what may come, may still come. */
START_TEST(wrong_frames_leave_no_trace)
{
	struct rpc_session session, before;

	rpc_session_begin(&session, states[_i].peer);
	for (const char *said = states[_i].said; *said; said++)
		ck_assert_int_eq(say(&session, *said), 0);
	before = session;
	for (size_t i = 0; i < COUNT(alphabet); i++) {
		if (strchr(states[_i].next, alphabet[i].letter))
			continue;
		ck_assert_int_eq(say(&session, alphabet[i].letter), -EPROTO);
		ck_assert_mem_eq(&session, &before, sizeof(session));
	}
}
END_TEST

START_TEST(what_was_said_is_known)
{
	struct rpc_session session;

	rpc_session_begin(&session, RPC_SERVICE);
	ck_assert(!session.over && session.unwanted == 0);
	for (const char *said = "haoxO"; *said; said++)
		ck_assert_int_eq(say(&session, *said), 0);
	ck_assert_uint_eq(session.unwanted, 1u << RPC_STDIN);
	ck_assert_uint_eq(session.ended, 1u << RPC_STDOUT);
	ck_assert(!session.over);
	ck_assert(say(&session, 'E') == 0 && say(&session, 'Q') == 0 && session.over);
}
END_TEST

/* A number is looked at where the frame is one, and nowhere else. */
START_TEST(numbers_of_other_frames)
{
	struct rpc_session session;

	rpc_session_begin(&session, RPC_CALLER);
	ck_assert_int_eq(rpc_session_next(&session, &(struct rpc_frame){RPC_HELLO, 4}, 1), 0);
	ck_assert_int_eq(rpc_session_next(&session, &(struct rpc_frame){RPC_CALL, 4}, 77), 0);
	ck_assert_int_eq(rpc_session_next(&session, &(struct rpc_frame){RPC_STDIN, 4}, 77), 0);
}
END_TEST

Suite *session_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *tcase = add_case(suite, "order");

	add_table_test(tcase, each_state, states);
	add_table_test(tcase, wrong_frames_leave_no_trace, states);
	tcase_add_test(tcase, what_was_said_is_known);
	tcase_add_test(tcase, numbers_of_other_frames);
	return suite;
}
