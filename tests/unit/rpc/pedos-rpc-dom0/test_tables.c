/*
 * Which tables dom0 gives the guests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpc-dom0/tables.h"

static struct rpc_rule rules[] = {
	{"A", "*", "work", "vault", "", RPC_ALLOW},
	{"B", "*", "@anyvm", "@anyvm", "", RPC_ASK},
	{"*", "*", "vault", "work", "", RPC_DENY},
	{"C", "*", "work", "@anyvm", "", RPC_DENY},
};
/* B for all, A from work to vault. */
static const struct rpc_policy policy = {.rules = rules, .count = COUNT(rules)};
/* A from work to vault, and no more. */
static const struct rpc_policy narrow = {.rules = rules, .count = 1};

static struct domain domains[] = {
	{1, "work", false}, {2, "vault", false}, {12, "open", false}, {3, "work", false}};

static const char *pair(const struct rpc_policy *by, size_t source, size_t target)
{
	static char text[RPC_PAIR_TEXT_MAX + 1];
	ssize_t length = tables_pair(by, &domains[source], &domains[target], RPC_PAIR_TARGET, text);

	MUST(length);
	text[length] = '\0';
	return text;
}

START_TEST(pairs)
{
	ck_assert_str_eq(pair(&policy, 0, 1), "work\nA * allow\nB * ask\nC * deny\n");
	ck_assert_str_eq(pair(&policy, 1, 0), "vault\nB * ask\n* * deny\n");
	ck_assert_str_eq(pair(&policy, 1, 2), "vault\nB * ask\n");
	ck_assert_str_eq(pair(&narrow, 0, 1), "work\nA * allow\n");
	ck_assert_str_eq(pair(&narrow, 1, 0), "");
	ck_assert_str_eq(pair(&narrow, 0, 2), "");
}
END_TEST

START_TEST(nobody_calls_himself)
{
	for (size_t i = 0; i < COUNT(domains); i++)
		ck_assert_str_eq(pair(&policy, i, i), "");
}
END_TEST

START_TEST(twins_take_no_part)
{
	tables_mark_twins(domains, 3);
	ck_assert(!domains[0].twin && !domains[1].twin && !domains[2].twin);
	tables_mark_twins(domains, 4);
	ck_assert(domains[0].twin && !domains[1].twin && !domains[2].twin && domains[3].twin);
	ck_assert_str_eq(pair(&policy, 0, 1), "");
	ck_assert_str_eq(pair(&policy, 1, 0), "");
	ck_assert_str_eq(pair(&policy, 3, 1), "");
	ck_assert_str_eq(pair(&policy, 0, 3), "");
	ck_assert_str_ne(pair(&policy, 1, 2), "");
	/* When the other one has gone, the name is its own again. */
	tables_mark_twins(domains, 3);
	ck_assert_str_ne(pair(&policy, 0, 1), "");
}
END_TEST

START_TEST(too_large)
{
	static struct rpc_rule many[RPC_PAIR_RULES_MAX];
	const struct rpc_policy large = {.rules = many, .count = COUNT(many)};
	const struct domain *source, *target;

	ck_assert(!tables_too_large(&policy, domains, 3, &source, &target));
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct rpc_rule){"A", "*", "open", "vault", "", RPC_ASK};
	ck_assert(tables_too_large(&large, domains, 3, &source, &target));
	ck_assert_str_eq(source->name, "open");
	ck_assert_str_eq(target->name, "vault");
	ck_assert(!tables_too_large(&large, domains, 2, &source, &target)); /* it does not run */
	ck_assert(!tables_too_large(&large, domains, 0, &source, &target));
}
END_TEST

START_TEST(finding)
{
	ck_assert_ptr_eq(tables_find_name(domains, 3, "vault"), &domains[1]);
	ck_assert_ptr_null(tables_find_name(domains, 3, "vaul"));
	ck_assert_ptr_null(tables_find_name(domains, 1, "vault"));
	ck_assert_ptr_eq(tables_find_domid(domains, 3, "12"), &domains[2]);
	ck_assert_ptr_eq(tables_find_domid(domains, 3, "1"), &domains[0]);
	ck_assert_ptr_null(tables_find_domid(domains, 3, "01"));
	ck_assert_ptr_null(tables_find_domid(domains, 3, "1x"));
	ck_assert_ptr_null(tables_find_domid(domains, 3, ""));
	ck_assert_ptr_null(tables_find_domid(domains, 3, "3"));
}
END_TEST

Suite *tables_suite(void)
{
	Suite *suite = suite_create("tables");
	TCase *tcase = add_case(suite, "tables");

	tcase_add_test(tcase, pairs);
	tcase_add_test(tcase, nobody_calls_himself);
	tcase_add_test(tcase, twins_take_no_part);
	tcase_add_test(tcase, too_large);
	tcase_add_test(tcase, finding);
	return suite;
}
