/*
 * Frames to bytes and back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "protocol/frame.h"

/* ---- Headers ---- */

static const struct {
	const char *label;
	uint32_t type, least, most;
} types[] = {
	{"HELLO", 1, 4, 4},       {"CALL", 2, 4, 161},    {"ACCEPTED", 3, 0, 0},
	{"REFUSED", 4, 4, 404},   {"STDIN", 5, 0, 65536}, {"STDOUT", 6, 0, 65536},
	{"STDERR", 7, 0, 65536},  {"EXIT", 8, 4, 4},      {"UNWANTED", 9, 4, 4},
	{"QUESTION", 10, 3, 161}, {"ASKING", 11, 0, 0},
};

static void put_number(uint32_t number, unsigned char *bytes)
{
	for (unsigned i = 0; i < 4; i++, number /= 256)
		bytes[i] = (unsigned char)(number % 256);
}

static int decode(uint32_t type, uint32_t length, struct rpc_frame *frame)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];

	put_number(type, bytes);
	put_number(length, bytes + 4);
	return rpc_frame_decode(bytes, frame);
}

START_TEST(header_of_each_type)
{
	const uint32_t lengths[] = {types[_i].least, types[_i].most};
	unsigned char bytes[RPC_FRAME_HEADER_SIZE], expected[RPC_FRAME_HEADER_SIZE];

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct rpc_frame frame = {.type = 99, .length = 99};

		ck_assert_msg(decode(types[_i].type, lengths[i], &frame) == 0, "%s of %u",
			      types[_i].label, lengths[i]);
		ck_assert_uint_eq(frame.type, types[_i].type);
		ck_assert_uint_eq(frame.length, lengths[i]);
		rpc_frame_encode(&frame, bytes);
		put_number(types[_i].type, expected);
		put_number(lengths[i], expected + 4);
		ck_assert_mem_eq(bytes, expected, sizeof(bytes));
	}
}
END_TEST

START_TEST(header_of_a_length_that_its_type_never_has)
{
	struct rpc_frame frame;

	if (types[_i].least > 0)
		ck_assert_msg(decode(types[_i].type, types[_i].least - 1, &frame) == -EPROTO,
			      "%s too short", types[_i].label);
	ck_assert_msg(decode(types[_i].type, types[_i].most + 1, &frame) == -EPROTO, "%s too long",
		      types[_i].label);
	ck_assert_msg(decode(types[_i].type, 1u << 24 | types[_i].most, &frame) == -EPROTO,
		      "%s far too long", types[_i].label);
	ck_assert_msg(decode(types[_i].type, UINT32_MAX, &frame) == -EPROTO, "%s of the longest",
		      types[_i].label);
}
END_TEST

START_TEST(header_of_no_type)
{
	static const uint32_t none[] = {0,     12,         13,         0x100,
					0x105, 0x05000000, 0x80000005, UINT32_MAX};
	struct rpc_frame frame;

	for (size_t i = 0; i < COUNT(none); i++) {
		ck_assert_msg(decode(none[i], 0, &frame) == -EPROTO, "%#x", none[i]);
		ck_assert_msg(decode(none[i], 4, &frame) == -EPROTO, "%#x", none[i]);
	}
}
END_TEST

static const struct {
	uint32_t number;
	const char *bytes;
} numbers[] = {
	{0, "\0\0\0\0"},
	{1, "\1\0\0\0"},
	{0x04030201, "\1\2\3\4"},
	{0x80000000, "\0\0\0\x80"},
	{UINT32_MAX, "\xff\xff\xff\xff"},
	{0xff00, "\0\xff\0\0"},
};

START_TEST(number)
{
	unsigned char bytes[5] = {0, 0, 0, 0, 0x55};

	rpc_number_encode(numbers[_i].number, bytes);
	ck_assert_mem_eq(bytes, numbers[_i].bytes, 4);
	ck_assert_uint_eq(bytes[4], 0x55);
	ck_assert_uint_eq(rpc_number_decode(bytes), numbers[_i].number);
}
END_TEST

/* ---- Calls ---- */

#define LONGEST_NAME    "n23456789012345678901234567890123456789012345678901234567890123"
#define LONGEST_ACCOUNT "_2345678901234567890123456789012"

#define CALL(service, user, source) \
	service "\0" user "\0" source, sizeof(service "\0" user "\0" source)

static const struct {
	const char *bytes;
	size_t length;
	struct rpc_call call;
} calls[] = {
	{CALL("PedOS.Filecopy", "", ""), {"PedOS.Filecopy", "", ""}},
	{CALL("PedOS.Filecopy+allow-all-names+rename", "user", "work"),
	 {"PedOS.Filecopy+allow-all-names+rename", "user", "work"}},
	{CALL("s", "u", "v"), {"s", "u", "v"}},
	{CALL("s", "", "v"), {"s", "", "v"}},
	{CALL("s+a", "u", ""), {"s+a", "u", ""}},
	{CALL(LONGEST_NAME, LONGEST_ACCOUNT, LONGEST_NAME),
	 {LONGEST_NAME, LONGEST_ACCOUNT, LONGEST_NAME}},
};

START_TEST(call_round_trip)
{
	unsigned char bytes[RPC_CALL_MAX + 1];
	struct rpc_call call;

	memset(&call, 0x55, sizeof(call));
	ck_assert_int_eq(rpc_call_decode(RPC_CALL, (const unsigned char *)calls[_i].bytes,
					 calls[_i].length, &call),
			 0);
	/* To the last byte: nothing of what was there before stays. */
	ck_assert_mem_eq(&call, &calls[_i].call, sizeof(call));
	memset(bytes, 0x55, sizeof(bytes));
	ck_assert_uint_eq(rpc_call_encode(&call, bytes), calls[_i].length);
	ck_assert_mem_eq(bytes, calls[_i].bytes, calls[_i].length);
	ck_assert_uint_eq(bytes[calls[_i].length], 0x55);
}
END_TEST

/* Cut anywhere, or with something behind it, it is no call; what is in *call stays. */
START_TEST(call_cut)
{
	unsigned char bytes[RPC_CALL_MAX + 1] = {0};
	struct rpc_call call = {.service = "before"}, before = call;

	memcpy(bytes, calls[_i].bytes, calls[_i].length);
	for (size_t length = 0; length < calls[_i].length; length++)
		ck_assert_msg(rpc_call_decode(RPC_CALL, bytes, length, &call) == -EPROTO,
			      "%zu of %zu bytes", length, calls[_i].length);
	ck_assert_int_eq(rpc_call_decode(RPC_CALL, bytes, calls[_i].length + 1, &call), -EPROTO);
	ck_assert_mem_eq(&call, &before, sizeof(call));
}
END_TEST

static const struct {
	const char *label, *bytes;
	size_t length;
} bad_calls[] = {
	{"an empty argument", CALL("s+", "", "")},
	{"an empty part", CALL("s+a++b", "", "")},
	{"an empty part at the end", CALL("s+a+", "", "")},
	{"an empty part at the beginning", CALL("s++a", "", "")},
	{"no service", CALL("", "u", "v")},
	{"service of 64", CALL(LONGEST_NAME "4", "u", "v")},
	{"account of 33", CALL("s", LONGEST_ACCOUNT "3", "v")},
	{"source of 64", CALL("s", "u", LONGEST_NAME "4")},
	{"service that begins with a digit", CALL("1s", "u", "v")},
	{"service that begins with a plus", CALL("+s", "u", "v")},
	{"service with a slash", CALL("s/t", "u", "v")},
	{"service of dots", CALL("..", "u", "v")},
	{"service with a space", CALL("s t", "u", "v")},
	{"service with a newline", CALL("s\n", "u", "v")},
	{"service with an escape", CALL("s\033[m", "u", "v")},
	{"service of more than ASCII", CALL("s\303\274", "u", "v")},
	{"account with a plus", CALL("s", "u+", "v")},
	{"account that begins with a dash", CALL("s", "-u", "v")},
	{"account with a slash", CALL("s", "u/v", "v")},
	{"source with a plus", CALL("s", "u", "v+")},
	{"source that begins with a dot", CALL("s", "u", ".v")},
	{"source that begins with an underscore", CALL("s", "u", "_v")},
	{"source with a slash", CALL("s", "u", "../v")},
	{"four strings", CALL("s", "u", "v\0w")},
};

START_TEST(call_that_is_none)
{
	struct rpc_call call;

	ck_assert_msg(rpc_call_decode(RPC_CALL, (const unsigned char *)bad_calls[_i].bytes,
				      bad_calls[_i].length, &call) == -EPROTO,
		      "%s", bad_calls[_i].label);
}
END_TEST

/* A question is a call, or one that names no service. */
START_TEST(questions)
{
	static const char any[] = "\0user\0work";
	const unsigned char *bytes = (const unsigned char *)any;
	struct rpc_call call;

	ck_assert_int_eq(rpc_call_decode(RPC_QUESTION, bytes, sizeof(any), &call), 0);
	ck_assert_str_eq(call.service, "");
	ck_assert_str_eq(call.user, "user");
	ck_assert_str_eq(call.source, "work");
	ck_assert_int_eq(rpc_call_decode(RPC_QUESTION, bytes, sizeof(any) - 1, &call), -EPROTO);
	for (size_t i = 0; i < COUNT(calls); i++)
		ck_assert_int_eq(rpc_call_decode(RPC_QUESTION,
						 (const unsigned char *)calls[i].bytes,
						 calls[i].length, &call),
				 0);
	for (size_t i = 0; i < COUNT(bad_calls); i++)
		ck_assert_msg(
			(rpc_call_decode(RPC_QUESTION, (const unsigned char *)bad_calls[i].bytes,
					 bad_calls[i].length, &call) == 0) ==
				(strcmp(bad_calls[i].label, "no service") == 0),
			"%s", bad_calls[i].label);
}
END_TEST

/* ---- Refusals ---- */

START_TEST(refusal_round_trip)
{
	static const char *reasons[] = {"", "x", "the policy denies it"};
	unsigned char bytes[RPC_SMALL_MAX];
	struct rpc_refusal refusal;
	size_t length;

	for (size_t i = 0; i < COUNT(reasons); i++) {
		memset(bytes, 0x55, sizeof(bytes));
		length = rpc_refusal_encode(EACCES, reasons[i], bytes);
		ck_assert_uint_eq(length, 4 + strlen(reasons[i]));
		ck_assert_mem_eq(bytes, "\15\0\0\0", 4);
		ck_assert_mem_eq(bytes + 4, reasons[i], length - 4);
		ck_assert_uint_eq(bytes[length], 0x55);
		rpc_refusal_decode(bytes, length, &refusal);
		ck_assert_uint_eq(refusal.code, EACCES);
		ck_assert_uint_eq(refusal.length, strlen(reasons[i]));
		ck_assert_mem_eq(refusal.untrusted_reason, reasons[i], refusal.length);
	}
}
END_TEST

START_TEST(refusal_with_a_long_reason)
{
	static char reason[RPC_REASON_MAX + 10];
	unsigned char bytes[RPC_SMALL_MAX + 1];
	struct rpc_refusal refusal;

	for (size_t length = RPC_REASON_MAX - 1; length < sizeof(reason) - 1; length++) {
		size_t kept = length < RPC_REASON_MAX ? length : RPC_REASON_MAX;

		memset(reason, 'r', length);
		reason[length] = '\0';
		memset(bytes, 0x55, sizeof(bytes));
		ck_assert_uint_eq(rpc_refusal_encode(UINT32_MAX, reason, bytes), 4 + kept);
		ck_assert_uint_eq(bytes[4 + kept], 0x55);
		rpc_refusal_decode(bytes, 4 + kept, &refusal);
		ck_assert_uint_eq(refusal.code, UINT32_MAX);
		ck_assert_uint_eq(refusal.length, kept);
		ck_assert_mem_eq(refusal.untrusted_reason, reason, kept);
	}
}
END_TEST

Suite *frame_suite(void)
{
	Suite *suite = suite_create("frame");
	TCase *header = add_case(suite, "header"), *call = add_case(suite, "call"),
	      *refusal = add_case(suite, "refusal");

	add_table_test(header, header_of_each_type, types);
	add_table_test(header, header_of_a_length_that_its_type_never_has, types);
	tcase_add_test(header, header_of_no_type);
	add_table_test(header, number, numbers);
	add_table_test(call, call_round_trip, calls);
	add_table_test(call, call_cut, calls);
	add_table_test(call, call_that_is_none, bad_calls);
	tcase_add_test(call, questions);
	tcase_add_test(refusal, refusal_round_trip);
	tcase_add_test(refusal, refusal_with_a_long_reason);
	return suite;
}
