/*
 * Lines of a policy, what they decide, how dom0 hands them on, and what guests ask of dom0.
 *
 * The input is a line "SERVICE SOURCE TARGET", then a policy. As a whole, and each of its lines, it
 * is also taken for what dom0 hands on. The line's names, and the input as a whole, are also taken
 * for what a guest asks of dom0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "fuzz.h"

#include "policy/pair.h"
#include "policy/request.h"
#include "text/vmname.h"
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define LINES 64 /* of which the policy is made up; more are not looked at */

/* ---- pedos-rpc.policy(5), in other words ---- */

#define NAME   "[a-zA-Z][a-zA-Z0-9_.-]*"
#define BLANKS "[ \t]+"
#define KEYS   "(((allow|ask)(" BLANKS "user=([a-zA-Z_][a-zA-Z0-9_.-]*))?)|deny)[ \t]*"
#define NEW    "@dispvm(:[a-zA-Z][a-zA-Z0-9_-]*)?"
#define CALLED "^[ \t]*(" NAME "|[*])" BLANKS "([+]|([+][a-zA-Z0-9_.-]+)+|[*])" BLANKS

enum {
	SERVICE = 1,
	ARGUMENT,
	SOURCE = ARGUMENT + 2,
	TARGET,
	ACTION = TARGET + 2,
	USER = ACTION + 4,
	GROUPS
};

static regex_t line_form, pair_form, call_form, target_form;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	MUST(-regcomp(&line_form,
		      CALLED "(" NAME "|@anyvm)" BLANKS "(" NAME "|@anyvm|" NEW ")" BLANKS KEYS "\r"
			     "?"
			     "$",
		      REG_EXTENDED));
	MUST(-regcomp(&target_form, "^(" NAME "|" NEW ")$", REG_EXTENDED));
	MUST(-regcomp(&pair_form, CALLED KEYS "$", REG_EXTENDED));
	MUST(-regcomp(&call_form, "^[a-zA-Z][a-zA-Z0-9_.-]*([+][a-zA-Z0-9_.-]+)*$", REG_EXTENDED));
	return 0;
}

/* A column of a line that has the right form, as a string. */
static void column(const char *line, const regmatch_t *group, char text[256])
{
	snprintf(text, 256, "%.*s", group->rm_so < 0 ? 0 : (int)(group->rm_eo - group->rm_so),
		 line + (group->rm_so < 0 ? 0 : group->rm_so));
}

static size_t size_of(const regmatch_t *group)
{
	return (size_t)(group->rm_eo - group->rm_so);
}

/*
 * Is this a rule? What it says goes to `groups`. `line` is a string of `length` bytes, if there is
 * no NUL in it.
 */
static bool is_rule(const regex_t *form, const char *line, size_t length, regmatch_t groups[GROUPS])
{
	const size_t user = form == &line_form ? USER : USER - 3;
	size_t called;

	if (strlen(line) != length || regexec(form, line, GROUPS, groups, 0) != 0)
		return false;
	called = size_of(&groups[SERVICE]) +
		 (size_of(&groups[ARGUMENT]) > 1 ? size_of(&groups[ARGUMENT]) : 0);
	if (form == &line_form && (size_of(&groups[SOURCE]) > 63 || size_of(&groups[TARGET]) > 63))
		return false;
	return called <= 63 && (groups[user].rm_so < 0 || size_of(&groups[user]) <= 32);
}

static bool is_empty(const char *line, size_t length)
{
	size_t blank = strspn(line, " \t");

	return blank == length || line[blank] == '#' ||
	       (blank + 1 == length && line[blank] == '\r');
}

/*
 * Does the line that has the right form speak of this call? By putting the columns that leave it
 * open in place of what is called.
 */
static bool concerns(const char *line, const regmatch_t groups[GROUPS], const char *call,
		     const char *source, const char *target)
{
	char s[256], a[256], from[256], to[256], name[256], argument[256], wanted[512], called[512];
	const char *plus = strchr(call, '+');

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(call, "+"), call);
	snprintf(argument, sizeof(argument), "%s", plus ? plus : "+");
	column(line, &groups[SERVICE], s);
	column(line, &groups[ARGUMENT], a);
	column(line, &groups[SOURCE], from);
	column(line, &groups[TARGET], to);
	/* Which is no VM. */
	if ((*from == '@' && strcmp(source, "dom0") == 0) ||
	    (strcmp(to, "@anyvm") == 0 && (strcmp(target, "dom0") == 0 || *target == '@')))
		return false;
	snprintf(called, sizeof(called), "%s %s %s %s", name, argument, source, target);
	snprintf(wanted, sizeof(wanted), "%s %s %s %s", *s == '*' ? name : s,
		 *a == '*' ? argument : a, *from == '@' ? source : from,
		 strcmp(to, "@anyvm") == 0 ? target : to);
	return strcmp(wanted, called) == 0;
}

/*
 * The same with the call's argument replaced by the line's, if that is in it, in whole parts: what
 * is denied, or asked about, is so together with more, too.
 */
static bool concerns_part(const char *line, const regmatch_t groups[GROUPS], const char *call,
			  const char *source, const char *target)
{
	char argument[256], all[256], part[256], other[512];

	column(line, &groups[ARGUMENT], argument);
	if (*argument != '+' || !argument[1] || !strchr(call, '+'))
		return false;
	snprintf(all, sizeof(all), "%s+", strchr(call, '+'));
	snprintf(part, sizeof(part), "%.253s+", argument);
	snprintf(other, sizeof(other), "%.*s%s", (int)strcspn(call, "+"), call, argument);
	return strstr(all, part) && concerns(line, groups, other, source, target);
}

/* ---- Lines ---- */

static const struct rpc_rule zeros;

static bool same(const struct rpc_rule *a, const struct rpc_rule *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The forms that dom0 writes and reads say the same. */
static void check_pair_form(const struct rpc_rule *rule)
{
	char *text = fuzz_exact_buffer(RPC_PAIR_LINE_SIZE);
	size_t length = rpc_rule_format_pair(rule, text);
	struct rpc_rule again, expected = *rule;
	const char *why;

	CHECK(length == strlen(text) && text[length - 1] == '\n' &&
	      strchr(text, '\n') == text + length - 1);
	CHECK(rpc_rule_parse_pair(text, length - 1, &again, &why) == 1);
	memset(expected.source, 0, sizeof(expected.source));
	memset(expected.target, 0, sizeof(expected.target));
	strcpy(expected.source, "*");
	strcpy(expected.target, "*");
	CHECK(same(&again, &expected));
	free(text);
}

static void check_line_form(const struct rpc_rule *rule)
{
	static const char *const actions[] = {
		[RPC_DENY] = "deny", [RPC_ALLOW] = "allow", [RPC_ASK] = "ask"};
	char text[512];
	struct rpc_rule again;
	const char *why;

	snprintf(text, sizeof(text), "%s\t%s %s %s %s%s%s", rule->service, rule->argument,
		 rule->source, rule->target, actions[rule->action], *rule->user ? " user=" : "",
		 rule->user);
	CHECK(rpc_rule_parse(text, strlen(text), &again, &why) == 1);
	CHECK(same(&again, rule));
}

static void check_columns(const char *line, const regmatch_t groups[GROUPS],
			  const struct rpc_rule *rule)
{
	char text[256];

	column(line, &groups[SERVICE], text);
	CHECK(strcmp(text, rule->service) == 0);
	column(line, &groups[ARGUMENT], text);
	CHECK(strcmp(text, rule->argument) == 0);
	column(line, &groups[SOURCE], text);
	CHECK(strcmp(text, rule->source) == 0);
	column(line, &groups[TARGET], text);
	CHECK(strcmp(text, rule->target) == 0);
	column(line, &groups[USER], text);
	CHECK(strcmp(text, rule->user) == 0);
	column(line, &groups[ACTION], text);
	CHECK(rule->action == (*text == 'd' ? RPC_DENY : text[1] == 'l' ? RPC_ALLOW : RPC_ASK));
}

/* Returns whether it is a rule. */
static bool check_line(const char *line, const char *exact, size_t length, struct rpc_rule *rule)
{
	regmatch_t groups[GROUPS];
	const char *why = NULL;
	int r = rpc_rule_parse(exact, length, rule, &why);

	CHECK((r == 1) == is_rule(&line_form, line, length, groups));
	CHECK((r == 0) == is_empty(line, length));
	CHECK((r < 0) == (why != NULL));
	if (r != 1) {
		CHECK(same(rule, &zeros));
		return false;
	}
	check_columns(line, groups, rule);
	check_line_form(rule);
	check_pair_form(rule);
	return true;
}

static void check_pair_line(const char *line, const char *exact, size_t length)
{
	regmatch_t groups[GROUPS];
	struct rpc_rule rule;
	const char *why = NULL;
	int r = rpc_rule_parse_pair(exact, length, &rule, &why);

	CHECK((r == 1) == is_rule(&pair_form, line, length, groups));
	CHECK((r == 1) == !why);
	CHECK(r == 1 || same(&rule, &zeros));
	if (r == 1)
		check_pair_form(&rule);
}

/* ---- The policy as a whole ---- */

struct policy {
	char *lines[LINES]; /* the text of each rule */
	struct rpc_rule rules[LINES];
	size_t count;
};

static void check_lines(const char *text, size_t size, struct policy *policy)
{
	const char *newline;

	for (size_t n = 0; n < LINES && size > 0; n++) {
		newline = memchr(text, '\n', size);
		size_t length = newline ? (size_t)(newline - text) : size;
		char *line = strndup(text, length), *exact = fuzz_exact_copy(text, length);
		bool rule = check_line(line, exact, length, &policy->rules[policy->count]);

		check_pair_line(line, exact, length);
		free(exact);
		if (rule)
			policy->lines[policy->count++] = line;
		else
			free(line);
		text += length + (newline != NULL);
		size -= length + (newline != NULL);
	}
}

static void check_decision(const struct policy *policy, const char *call, const char *source,
			   const char *target)
{
	struct rpc_verdict verdict = rpc_policy_decide(policy->rules, policy->count, call, source,
						       target),
			   expected = {.action = RPC_DENY};
	bool ask = false;

	for (size_t i = 0; i < policy->count; i++) {
		regmatch_t groups[GROUPS];
		char text[256];

		CHECK(is_rule(&line_form, policy->lines[i], strlen(policy->lines[i]), groups));
		column(policy->lines[i], &groups[ACTION], text);
		if (!concerns(policy->lines[i], groups, call, source, target) &&
		    !(*text == 'd' &&
		      concerns_part(policy->lines[i], groups, call, source, target))) {
			ask = ask ||
			      (strncmp(text, "ask", 3) == 0 &&
			       concerns_part(policy->lines[i], groups, call, source, target));
			continue;
		}
		expected.action = *text == 'd'             ? RPC_DENY
				  : text[1] == 'l' && !ask ? RPC_ALLOW
							   : RPC_ASK;
		column(policy->lines[i], &groups[USER], text);
		memcpy(expected.user, text, strlen(text));
		break;
	}
	CHECK(verdict.action == expected.action && strcmp(verdict.user, expected.user) == 0);
}

/* What the target is told about the source decides as the policy does. */
static void check_told(const struct policy *policy, const char *call, const char *source,
		       const char *target)
{
	static struct rpc_rule told[RPC_PAIR_RULES_MAX];
	char *text = fuzz_exact_buffer(RPC_PAIR_TEXT_MAX), *exact, name[RPC_NAME_SIZE];
	ssize_t length = rpc_pair_format(policy->rules, policy->count, source, target,
					 RPC_PAIR_TARGET, text),
		count = 0;
	struct rpc_verdict all = rpc_policy_decide(policy->rules, policy->count, call, source,
						   target),
			   part;
	const char *why;

	CHECK(length >= 0 && length <= RPC_PAIR_TEXT_MAX); /* so few rules always have room */
	exact = fuzz_exact_copy(text, (size_t)length);
	if (length > 0) {
		count = rpc_pair_parse(exact, (size_t)length, name, told, &why);
		CHECK(count > 0 && (size_t)count <= policy->count && strcmp(name, source) == 0);
	}
	part = rpc_policy_decide(told, (size_t)count, call, source, target);
	CHECK(part.action == all.action &&
	      (all.action == RPC_DENY || strcmp(part.user, all.user) == 0));
	/* What may be called is among what makes a pair open. */
	CHECK(rpc_policy_opens(policy->rules, policy->count, source, target) == (length > 0));
	CHECK(all.action == RPC_DENY || length > 0);
	free(exact);
	free(text);
}

/* The whole input as what dom0 wrote: it is accepted as its lines are. */
static void check_text(const uint8_t *data, size_t size)
{
	static struct rpc_rule rules[RPC_PAIR_RULES_MAX];
	char *exact = fuzz_exact_copy(data, size), source[RPC_NAME_SIZE];
	const char *why = NULL;
	ssize_t count = rpc_pair_parse(exact, size, source, rules, &why), newlines = 0;

	CHECK((count < 0) == (why != NULL));
	for (size_t i = 0; i < size; i++)
		newlines += data[i] == '\n';
	if (count >= 0) {
		CHECK(newlines == count + 1 && data[size - 1] == '\n');
		CHECK(strlen(source) < size && memcmp(source, data, strlen(source)) == 0 &&
		      data[strlen(source)] == '\n' && vm_name_ok(source));
	}
	free(exact);
}

/* ---- What a guest asks of dom0 ---- */

static bool is_target(const char *text)
{
	regmatch_t whole;
	bool ok = strlen(text) <= 63 && regexec(&target_form, text, 1, &whole, 0) == 0;

	CHECK(ok == (vm_name_ok(text) || rpc_disposable_ok(text)));
	return ok;
}

/* What is at the places of the three names, in the form of a request, in the right one and not. */
static void check_request(const char *service, const char *source, const char *target)
{
	struct rpc_request request, none = {.target = ""};
	char *text, *exact;
	int length = asprintf(&text, "%s %s%s", target, service, strchr(source, '!') ? " " : "");
	bool good = !strchr(source, '!') && is_target(target) && rpc_service_ok(service);

	MUST(length);
	exact = fuzz_exact_copy(text, (size_t)length);
	CHECK((rpc_request_parse(exact, (size_t)length, &request) == 0) == good);
	if (good)
		CHECK(strcmp(request.target, target) == 0 && strcmp(request.service, service) == 0);
	else
		CHECK(memcmp(&request, &none, sizeof(none)) == 0);
	free(exact);
	free(text);
}

/* The whole input as a request: what is accepted is exactly what was there. */
static void check_any_request(const uint8_t *data, size_t size)
{
	char *exact = fuzz_exact_copy(data, size), again[RPC_REQUEST_MAX + 1];
	struct rpc_request request;

	if (rpc_request_parse(exact, size, &request) == 0) {
		snprintf(again, sizeof(again), "%s %s", request.target, request.service);
		CHECK(strlen(again) == size && memcmp(again, data, size) == 0);
		CHECK(is_target(request.target) && rpc_service_ok(request.service));
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char blanks[] = " ";
	const uint8_t *newline = memchr(data, '\n', size);
	struct policy policy = {.count = 0};
	char *call, *service, *source, *target, *rest;
	bool callable;

	check_text(data, size);
	check_any_request(data, size);
	if (!newline)
		return 0;
	call = strndup((const char *)data, (size_t)(newline - data));
	service = strtok_r(call, blanks, &rest);
	source = service ? strtok_r(NULL, blanks, &rest) : NULL;
	target = source ? strtok_r(NULL, blanks, &rest) : NULL;
	callable =
		service && regexec(&call_form, service, 0, NULL, 0) == 0 && strlen(service) <= 63;
	CHECK(!service || rpc_service_ok(service) == callable);
	check_lines((const char *)newline + 1, size - (size_t)(newline + 1 - data), &policy);
	if (target)
		check_request(service, source, target);
	if (callable && target && vm_name_ok(source) && is_target(target)) {
		check_decision(&policy, service, source, target);
		check_told(&policy, service, source, target);
	}
	for (size_t i = 0; i < policy.count; i++)
		free(policy.lines[i]);
	free(call);
	return 0;
}
