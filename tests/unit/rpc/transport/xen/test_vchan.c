/*
 * What the Xen transport reads in xenstore: domains' numbers, calls' names, dom0's entries, and
 * which calls of a listing were taken already.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "transport/xen/callids.h"
#include "transport/xen/xenentry.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- Numbers and names ---- */

#define NO_NUMBER (-1)

static const struct {
	const char *text;
	int domid;
} domids[] = {
	{"0", 0},
	{"7", 7},
	{"32751", 32751},
	{"32752", NO_NUMBER},
	{"65536", NO_NUMBER},
	{"4294967297", NO_NUMBER},
	{"18446744073709551617", NO_NUMBER},
	{"", NO_NUMBER},
	{"00", NO_NUMBER},
	{"01", NO_NUMBER},
	{"-1", NO_NUMBER},
	{"+1", NO_NUMBER},
	{" 1", NO_NUMBER},
	{"1 ", NO_NUMBER},
	{"1\n", NO_NUMBER},
	{"1/2", NO_NUMBER},
	{"0x1", NO_NUMBER},
	{"names", NO_NUMBER},
};

START_TEST(domid)
{
	unsigned value = 4711;

	ck_assert_int_eq(rpc_domid_parse(domids[_i].text, &value), domids[_i].domid != NO_NUMBER);
	ck_assert_uint_eq(value, domids[_i].domid == NO_NUMBER ? 4711 : (unsigned)domids[_i].domid);
}
END_TEST

static const struct {
	const char *id;
	bool ok;
} ids[] = {
	{"0", true},
	{"-", true},
	{"az09-", true},
	{"0123456789abcdefghijklmnopqrstuv", true},
	{"0123456789abcdefghijklmnopqrstuvw", false},
	{"", false},
	{"A", false},
	{"a b", false},
	{"a/b", false},
	{"..", false},
	{"a_b", false},
	{"a\n", false},
	{"{", false},
	{"`", false},
	{":", false},
	{"\xc3\xa4", false},
};

START_TEST(call_id)
{
	ck_assert_int_eq(rpc_call_id_ok(ids[_i].id), ids[_i].ok);
}
END_TEST

#define LETTERS_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *entry, *source; /* NULL: it names none */
} entries[] = {
	{"work\n", "work"},
	{"work", "work"},
	{"work\nPedOS.Filecopy * allow\n", "work"},
	{LETTERS_63 "\n", LETTERS_63},
	{LETTERS_63 "a\n", NULL},
	{"\nwork\n", NULL},
	{"", NULL},
	{" work\n", NULL},
	{"work \n", NULL},
	{"../work\n", NULL},
	{"1work\n", NULL},
	{"@anyvm\n", NULL},
};

START_TEST(entry_source)
{
	char source[RPC_NAME_SIZE];

	ck_assert_int_eq(rpc_entry_source(entries[_i].entry, source), entries[_i].source != NULL);
	if (entries[_i].source)
		ck_assert_str_eq(source, entries[_i].source);
}
END_TEST

START_TEST(entry_names)
{
	ck_assert(rpc_entry_names("work\nx * allow\n", "work"));
	ck_assert(rpc_entry_names("12", "12"));
	ck_assert(!rpc_entry_names("12", "1"));
	ck_assert(!rpc_entry_names("1", "12"));
	ck_assert(!rpc_entry_names("Work\n", "work"));
	ck_assert(!rpc_entry_names("x\nwork\n", "work"));
	ck_assert(!rpc_entry_names("", "work"));
}
END_TEST

/* ---- The calls of a source ---- */

static struct rpc_calls calls;

static void list(const char *names, size_t size)
{
	/* Of exactly this size, so that a sanitizer notices a read behind it. */
	char *exact = malloc(size ? size : 1);

	memcpy(exact, names, size);
	rpc_calls_list(&calls, exact, size);
	free(exact);
}

#define LIST(names) list(names, sizeof(names)) /* with the NUL behind the last */

/* All that is new in the listing, with a space behind each; taken on the way. */
static const char *take_all(void)
{
	static char all[RPC_LISTING_MAX + 1];
	size_t length = 0;
	const char *id;

	all[0] = '\0';
	while ((id = rpc_calls_next(&calls))) {
		length += (size_t)sprintf(all + length, "%s ", id);
		rpc_calls_take(&calls, id);
	}
	return all;
}

START_TEST(calls_are_given_once)
{
	LIST("a\0b\0c");
	ck_assert_str_eq(take_all(), "a b c ");
	ck_assert(!rpc_calls_more(&calls));
	LIST("a\0b\0c\0d");
	ck_assert(rpc_calls_more(&calls));
	ck_assert_str_eq(take_all(), "d ");
}
END_TEST

START_TEST(a_call_that_was_not_taken_is_given_again)
{
	LIST("a\0b");
	ck_assert_str_eq(rpc_calls_next(&calls), "a");
	ck_assert_str_eq(rpc_calls_next(&calls), "b");
	rpc_calls_take(&calls, "b");
	LIST("a\0b");
	ck_assert_str_eq(take_all(), "a ");
}
END_TEST

START_TEST(a_call_that_went_is_forgotten)
{
	LIST("a\0b\0c");
	take_all();
	LIST("a\0c");
	ck_assert_str_eq(take_all(), "");
	LIST("a\0b\0c");
	ck_assert_str_eq(take_all(), "b ");
	list("", 0);
	ck_assert_str_eq(take_all(), "");
	LIST("c\0b\0a");
	ck_assert_str_eq(take_all(), "c b a ");
}
END_TEST

START_TEST(one_name_in_another_is_no_match)
{
	LIST("abc\0x");
	take_all();
	LIST("ab\0bc\0abc\0abcd\0c");
	ck_assert_str_eq(take_all(), "ab bc abcd c ");
}
END_TEST

START_TEST(what_is_no_id_is_left_out)
{
	LIST("\0A\0a/b\0\0ok\0..\0" LETTERS_63);
	ck_assert_str_eq(take_all(), "ok ");
}
END_TEST

START_TEST(a_name_twice_is_given_once)
{
	LIST("a\0a\0b\0a");
	ck_assert_str_eq(take_all(), "a b ");
}
END_TEST

START_TEST(a_listing_without_its_last_nul)
{
	list("ab\0cd", 5);
	ck_assert_str_eq(take_all(), "ab ");
	list("abcd", 4);
	ck_assert_str_eq(take_all(), "");
}
END_TEST

START_TEST(the_rest_of_a_listing_can_be_left)
{
	LIST("a\0b\0c");
	ck_assert_str_eq(rpc_calls_next(&calls), "a");
	rpc_calls_stop(&calls);
	ck_assert(!rpc_calls_more(&calls));
	ck_assert_ptr_null(rpc_calls_next(&calls));
	LIST("a\0b\0c");
	ck_assert_str_eq(take_all(), "a b c ");
}
END_TEST

/*
 * As many as a listing can have: names of two bytes with their NUL, of which there are 37, and of
 * three.
 */
static size_t list_many(char *names, size_t size)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-";
	size_t length = 0;

	for (size_t i = 0; i < 37 && length + 2 <= size; i++, length += 2)
		memcpy(names + length, (char[]){letters[i], '\0'}, 2);
	for (size_t i = 0; i < 37 * 37 && length + 3 <= size; i++, length += 3)
		memcpy(names + length, (char[]){letters[i / 37], letters[i % 37], '\0'}, 3);
	return length;
}

START_TEST(the_largest_listing_fits)
{
	char names[RPC_LISTING_MAX + 100];
	size_t size = list_many(names, RPC_LISTING_MAX), count = 0;

	ck_assert_uint_gt(size, RPC_LISTING_MAX - 3);
	list(names, size);
	for (const char *id; (id = rpc_calls_next(&calls)); count++)
		rpc_calls_take(&calls, id);
	ck_assert_uint_eq(count, 37 + (size - 2 * 37) / 3);
	list(names, size);
	ck_assert_str_eq(take_all(), "");

	/* All others instead: none of the first is in the way. */
	for (size_t i = 0; i + 4 <= RPC_LISTING_MAX; i += 4)
		sprintf(names + i, "%03zu", i / 4 % 1000);
	list(names, 4000);
	ck_assert_uint_eq(strlen(take_all()), 4000);

	/* More than there can be is cut, between two names. */
	memset(names, 'a', sizeof(names));
	names[RPC_LISTING_MAX - 10] = '\0';
	memset(names + 1, '\0', RPC_LISTING_MAX - 12);
	list(names, sizeof(names));
	ck_assert_str_eq(take_all(), "a ");
	memset(names, '\0', sizeof(names));
	list(names, sizeof(names));
	ck_assert_uint_eq(calls.listed_size, RPC_LISTING_MAX);
}
END_TEST

START_TEST(a_name_that_does_not_fit_is_not_taken)
{
	char names[RPC_LISTING_MAX];

	list(names, list_many(names, sizeof(names)));
	take_all();
	rpc_calls_take(&calls, "another");
	ck_assert_uint_le(calls.taken_size, sizeof(calls.taken));
	LIST("another");
	ck_assert_str_eq(take_all(), "another ");
}
END_TEST

Suite *vchan_suite(void)
{
	Suite *suite = suite_create("vchan");
	TCase *entry = add_case(suite, "entries"), *call = add_case(suite, "calls");

	add_table_test(entry, domid, domids);
	add_table_test(entry, call_id, ids);
	add_table_test(entry, entry_source, entries);
	tcase_add_test(entry, entry_names);

	tcase_add_test(call, calls_are_given_once);
	tcase_add_test(call, a_call_that_was_not_taken_is_given_again);
	tcase_add_test(call, a_call_that_went_is_forgotten);
	tcase_add_test(call, one_name_in_another_is_no_match);
	tcase_add_test(call, what_is_no_id_is_left_out);
	tcase_add_test(call, a_name_twice_is_given_once);
	tcase_add_test(call, a_listing_without_its_last_nul);
	tcase_add_test(call, the_rest_of_a_listing_can_be_left);
	tcase_add_test(call, the_largest_listing_fits);
	tcase_add_test(call, a_name_that_does_not_fit_is_not_taken);
	return suite;
}
