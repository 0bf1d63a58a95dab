/*
 * All of policy.c: lines of every length up to MOST at once, which end where their memory does. A
 * function that gets a length only adds it to the pointer. Rules of any strings, for every service
 * and every VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "driver.h"

#include <stdbool.h>

/* Proven by name.c and rpc-names.c, for strings as long as those of policy.c. */
/*@ requires \valid_read(name + (0 .. 63)) && \initialized(name + (0 .. 63));
    assigns \result \from name[0 .. 63]; ensures \result == 0 || \result == 1; */
bool vm_name_ok(const char *name);

/*@ requires \valid_read(untrusted_service + (0 .. 63)) &&
    \initialized(untrusted_service + (0 .. 63));
    assigns \result \from untrusted_service[0 .. 63]; ensures \result == 0 || \result == 1; */
bool rpc_service_ok(const char *untrusted_service);

/*@ requires \valid_read(untrusted_target + (0 .. 63)) &&
    \initialized(untrusted_target + (0 .. 63));
    assigns \result \from untrusted_target[0 .. 63]; ensures \result == 0 || \result == 1; */
bool rpc_disposable_ok(const char *untrusted_target);

/*@ requires \valid_read(untrusted_account + (0 .. 32)) &&
    \initialized(untrusted_account + (0 .. 32));
    assigns \result \from untrusted_account[0 .. 32]; ensures \result == 0 || \result == 1; */
bool rpc_account_ok(const char *untrusted_account);

/*@ assigns \result \from c; ensures \result == 0 || \result == 1; */
bool rpc_service_character_ok(char c);

#include "policy/policy.c"

#define SHORT 40 /* lines of each length by itself */
#define RULES 2

static char input[MOST], service[RPC_NAME_SIZE], source[RPC_NAME_SIZE], target[RPC_NAME_SIZE],
		text[RPC_PAIR_LINE_SIZE];

static void lines(void)
{
	const struct text any_line = {input + MOST - any_size(0, MOST), input + MOST};
	struct rpc_rule rule;
	const char *why;

	/* Formatting what was parsed shows that all of it is set, and that it fits. */
	if (parse_line(any_line, &rule, &why) == 1)
		rpc_rule_format_pair(&rule, text);
	if (parse_pair_line(any_line, &rule, &why) == 1)
		rpc_rule_format_pair(&rule, text);
	rpc_rule_parse(input, any_size(0, MOST), &rule, &why);
	rpc_rule_parse_pair(input, any_size(0, MOST), &rule, &why);
	//@ loop unroll SHORT;
	for (size_t length = 0; length < SHORT; length++) {
		rpc_rule_parse(input + MOST - length, length, &rule, &why);
		rpc_rule_parse_pair(input + MOST - length, length, &rule, &why);
	}
}

/* Any string that fits. */
static void make_string(char *string, size_t size)
{
	Frama_C_make_unknown(string, size - 1);
	string[size - 1] = '\0';
}

static void make_rule(struct rpc_rule *rule)
{
	make_string(rule->service, RPC_NAME_SIZE);
	make_string(rule->argument, RPC_NAME_SIZE);
	make_string(rule->source, RPC_NAME_SIZE);
	make_string(rule->target, RPC_NAME_SIZE);
	make_string(rule->user, RPC_ACCOUNT_SIZE);
	rule->action = (enum rpc_action)Frama_C_interval(RPC_DENY, RPC_ASK);
}

static void decisions(void)
{
	struct rpc_rule rules[RULES];

	make_rule(&rules[0]);
	make_rule(&rules[1]);
	rpc_rule_is_last(&rules[0]);
	rpc_rule_format_pair(&rules[0], text);
	rpc_policy_decide(rules, any_size(0, RULES), service, source, target);
	rpc_policy_opens(rules, any_size(0, RULES), source, target);
	rpc_policy_requests(rules, any_size(0, RULES), source);
}

int main(void)
{
	Frama_C_make_unknown(input, MOST);
	make_string(service, RPC_NAME_SIZE);
	make_string(source, RPC_NAME_SIZE);
	make_string(target, RPC_NAME_SIZE);
	lines();
	decisions();
	return 0;
}
