/*
 * The policy: reading its lines, and deciding.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "policy/policy.h"
#include "text/vmname.h"

#include <errno.h>

static const char any[] = "*", any_vm[] = "@anyvm";

/* ---- Words ---- */

/* The part of the line that has not been read yet. */
struct text {
	const char *at, *end;
};

struct word {
	const char *at, *end; /* equal: there is no word */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct word next_word(struct text *text)
{
	struct word word;

	while (text->at < text->end && is_blank(*text->at))
		text->at++;
	word.at = text->at;
	while (text->at < text->end && !is_blank(*text->at))
		text->at++;
	word.end = text->at;
	return word;
}

/* Remove `string` from the beginning of the word. False if the word does not begin so. */
static bool skip(struct word *word, const char *string)
{
	for (size_t i = 0; string[i]; i++) {
		if (word->at >= word->end || *word->at != string[i])
			return false;
		word->at++;
	}
	return true;
}

static bool word_is(struct word word, const char *string)
{
	return skip(&word, string) && word.at == word.end;
}

/*
 * Copy a word to `string`, which is all zeros. False if the word is too long for it or has a NUL.
 */
static bool take(struct word word, char *string, size_t size)
{
	for (size_t i = 0; word.at < word.end; i++) {
		if (i == size - 1 || !*word.at)
			return false;
		string[i] = *word.at++;
	}
	return true;
}

/* ---- Strings ---- */

static bool equal(const char *a, const char *b)
{
	for (size_t i = 0; a[i] == b[i]; i++) {
		if (!a[i])
			return true;
	}
	return false;
}

/* Copy a string that fits, without its NUL, to an array of zeros. */
static void copy(char *to, const char *from)
{
	for (size_t i = 0; from[i]; i++)
		to[i] = from[i];
}

/* ---- Columns: these return NULL, or a sentence that says what is wrong ---- */

static const char *parse_service(struct word word, char service[RPC_NAME_SIZE])
{
	bool ok = take(word, service, RPC_NAME_SIZE) &&
		  (equal(service, any) || rpc_service_ok(service));

	for (size_t i = 0; ok && service[i]; i++) {
		if (service[i] == '+')
			return "a service's argument stands in the column behind it, as +ARGUMENT";
	}
	return ok ? NULL
		  : "the service must be * or a letter, then letters, digits, '_', '-' and '.', at "
		    "most 63 in all";
}

static const char *parse_argument(struct word word, char argument[RPC_NAME_SIZE])
{
	static const char wrong[] = "the argument must be *, or + (none), or + and letters, "
				    "digits, '_', '-', '.', joined by a single '+'";

	if (!take(word, argument, RPC_NAME_SIZE))
		return wrong;
	if (equal(argument, any))
		return NULL;
	/* What no call can ask for, no rule should seem to be about. */
	for (size_t i = 0; argument[i]; i++) {
		bool empty = argument[i] == '+' && (argument[i + 1] == '+' || !argument[i + 1]);

		if (!rpc_service_character_ok(argument[i]) || (empty && argument[1]))
			return wrong;
	}
	return argument[0] == '+' ? NULL : wrong;
}

static bool parse_source(struct word word, char vm[RPC_NAME_SIZE])
{
	return take(word, vm, RPC_NAME_SIZE) && (equal(vm, any_vm) || vm_name_ok(vm));
}

static bool parse_target(struct word word, char vm[RPC_NAME_SIZE])
{
	return take(word, vm, RPC_NAME_SIZE) &&
	       (equal(vm, any_vm) || vm_name_ok(vm) || rpc_disposable_ok(vm));
}

static const char *parse_action(struct word word, enum rpc_action *action)
{
	if (word_is(word, "allow"))
		*action = RPC_ALLOW;
	else if (word_is(word, "ask"))
		*action = RPC_ASK;
	else if (word_is(word, "deny"))
		*action = RPC_DENY;
	else
		return "the action must be allow, deny or ask";
	return NULL;
}

/* One word after the action. */
static const char *parse_key(struct word word, struct rpc_rule *rule)
{
	if (*word.at == '#')
		return "a comment needs a line of its own";
	if (!skip(&word, "user="))
		return "only user=NAME may stand behind the action";
	if (rule->action == RPC_DENY)
		return "what is denied runs as nobody: deny takes no user=";
	if (rule->user[0])
		return "user= may stand there only once";
	if (!take(word, rule->user, RPC_ACCOUNT_SIZE) || !rpc_account_ok(rule->user))
		return "user= takes an account's name: a letter or '_', then letters, digits, '_', "
		       "'-' and '.', at most 32 in all";
	return NULL;
}

static const char *parse_keys(struct text text, struct rpc_rule *rule)
{
	const char *why = NULL;

	for (struct word word = next_word(&text); !why && word.at < word.end;
	     word = next_word(&text))
		why = parse_key(word, rule);
	return why;
}

/* ---- Lines ---- */

/*
 * Is a name that the rule matches short enough for a call? Otherwise the rule would never match.
 * The arguments "*" and "+" also match a call without an argument, so they add no length.
 */
static bool can_be_called(const struct rpc_rule *rule)
{
	size_t length = 0;

	while (rule->service[length])
		length++;
	for (size_t i = 0; rule->argument[0] == '+' && rule->argument[1] && rule->argument[i]; i++)
		length++;
	return length < RPC_NAME_SIZE;
}

static const char *parse_called(struct word service, struct word argument, struct rpc_rule *rule)
{
	const char *why = parse_service(service, rule->service);

	if (!why)
		why = parse_argument(argument, rule->argument);
	if (!why && !can_be_called(rule))
		why = "a service and its argument have at most 63 characters together, the + "
		      "counted";
	return why;
}

/* The five columns, and what follows them. */
static const char *parse_rule(struct text text, struct rpc_rule *rule)
{
	struct word service = next_word(&text), argument = next_word(&text),
		    source = next_word(&text), target = next_word(&text);
	struct word action = next_word(&text);
	const char *why;

	if (action.at == action.end)
		return "a rule has five columns: SERVICE ARGUMENT SOURCE TARGET ACTION";
	why = parse_called(service, argument, rule);
	if (!why && !parse_source(source, rule->source))
		why = "the source must be @anyvm or a VM's name: a letter, then letters, digits, "
		      "'_', '-' and '.', at most 63 in all";
	if (!why && !parse_target(target, rule->target))
		why = "the target must be @anyvm, @dispvm, @dispvm:TEMPLATE, or a VM's name: a "
		      "letter, then letters, digits, '_', '-' and '.', at most 63 in all";
	if (!why)
		why = parse_action(action, &rule->action);
	return why ? why : parse_keys(text, rule);
}

/* The three columns, and what follows them. */
static const char *parse_pair_rule(struct text text, struct rpc_rule *rule)
{
	struct word service = next_word(&text), argument = next_word(&text),
		    action = next_word(&text);
	const char *why;

	if (action.at == action.end)
		return "a rule for one source and target has three columns: SERVICE ARGUMENT "
		       "ACTION";
	why = parse_called(service, argument, rule);
	if (!why)
		why = parse_action(action, &rule->action);
	copy(rule->source, any);
	copy(rule->target, any);
	return why ? why : parse_keys(text, rule);
}

/* A wrong line leaves a rule of zeros: nobody can use half a rule. */
static int parsed(struct rpc_rule *rule, const char *wrong, const char **why)
{
	if (!wrong)
		return 1;
	*rule = (struct rpc_rule){.action = RPC_DENY};
	*why = wrong;
	return -EINVAL;
}

static int parse_line(struct text text, struct rpc_rule *rule, const char **why)
{
	struct text rest;
	struct word first;

	*rule = (struct rpc_rule){.action = RPC_DENY};
	if (text.at < text.end && text.end[-1] == '\r')
		text.end--;
	rest = text;
	first = next_word(&rest);
	if (first.at >= first.end || *first.at == '#')
		return 0;
	return parsed(rule, parse_rule(text, rule), why);
}

int rpc_rule_parse(const char *untrusted_line, size_t length, struct rpc_rule *rule,
		   const char **why)
{
	return parse_line((struct text){untrusted_line, untrusted_line + length}, rule, why);
}

static int parse_pair_line(struct text text, struct rpc_rule *rule, const char **why)
{
	*rule = (struct rpc_rule){.action = RPC_DENY};
	return parsed(rule, parse_pair_rule(text, rule), why);
}

int rpc_rule_parse_pair(const char *untrusted_line, size_t length, struct rpc_rule *rule,
			const char **why)
{
	return parse_pair_line((struct text){untrusted_line, untrusted_line + length}, rule, why);
}

/* Write a string at text[at]. Returns the index of its end. */
static size_t append(char *text, size_t at, const char *string)
{
	for (size_t i = 0; string[i]; i++)
		text[at++] = string[i];
	return at;
}

size_t rpc_rule_format_pair(const struct rpc_rule *rule, char text[RPC_PAIR_LINE_SIZE])
{
	size_t at = append(text, 0, rule->service);

	at = append(text, at, " ");
	at = append(text, at, rule->argument);
	at = append(text, at,
		    rule->action == RPC_ALLOW ? " allow"
		    : rule->action == RPC_ASK ? " ask"
					      : " deny");
	if (rule->user[0]) {
		at = append(text, at, " user=");
		at = append(text, at, rule->user);
	}
	at = append(text, at, "\n");
	text[at] = '\0';
	return at;
}

/* ---- Decisions ---- */

static bool is_disposable(const char *target)
{
	return target[0] == '@' && !equal(target, any_vm);
}

static bool vm_matches(const char *pattern, const char *vm)
{
	if (equal(pattern, any_vm))
		return !equal(vm, RPC_DOM0) && !is_disposable(vm);
	return equal(pattern, any) || equal(pattern, vm);
}

bool rpc_rule_pair_matches(const struct rpc_rule *rule, const char *source, const char *target)
{
	return vm_matches(rule->source, source) && vm_matches(rule->target, target);
}

bool rpc_rule_is_last(const struct rpc_rule *rule)
{
	return equal(rule->service, any) && equal(rule->argument, any);
}

/* Does the pattern match `service`, without regard to its argument? */
static bool service_matches(const char *pattern, const char *service)
{
	size_t i = 0;

	if (equal(pattern, any))
		return true;
	while (pattern[i] && pattern[i] == service[i])
		i++;
	return !pattern[i] && (!service[i] || service[i] == '+');
}

/* Is the argument of `service` the rule's, or any? */
static bool argument_matches(const struct rpc_rule *rule, const char *service)
{
	while (*service && *service != '+')
		service++;
	return equal(rule->argument, any) || equal(rule->argument, *service ? service : "+");
}

/* Do the parts of `pattern` stand in `service`, which is RPC_NAME_SIZE at most, from here on? */
static bool parts_are_at(const char *service, size_t at, const char *pattern)
{
	size_t i = 0;

	while (at + i < RPC_NAME_SIZE && pattern[i] && pattern[i] == service[at + i])
		i++;
	return at + i < RPC_NAME_SIZE && !pattern[i] &&
	       (!service[at + i] || service[at + i] == '+');
}

/* Are the rule's parts, one behind the other, among those of the argument of `service`? */
static bool argument_is_part(const struct rpc_rule *rule, const char *service)
{
	if (rule->argument[0] != '+' || !rule->argument[1])
		return false;
	for (size_t i = 0; service[i]; i++) {
		if (service[i] == '+' && parts_are_at(service, i, rule->argument))
			return true;
	}
	return false;
}

static bool rest_matches(const struct rpc_rule *rule, const char *service, const char *source,
			 const char *target)
{
	return service_matches(rule->service, service) &&
	       rpc_rule_pair_matches(rule, source, target);
}

/*
 * What is allowed is allowed alone. What is denied is denied together with anything else, and what
 * is asked about is not allowed without asking either, so that nobody gets it by asking for more.
 */
struct rpc_verdict rpc_policy_decide(const struct rpc_rule *rules, size_t count,
				     const char *service, const char *source, const char *target)
{
	struct rpc_verdict verdict = {.action = RPC_DENY};
	bool ask = false;

	for (size_t i = 0; i < count; i++) {
		bool part = argument_is_part(&rules[i], service);

		if (!rest_matches(&rules[i], service, source, target))
			continue;
		if (argument_matches(&rules[i], service) || (part && rules[i].action == RPC_DENY)) {
			verdict.action = rules[i].action;
			if (ask && verdict.action == RPC_ALLOW)
				verdict.action = RPC_ASK;
			copy(verdict.user, rules[i].user);
			break;
		}
		ask = ask || (part && rules[i].action == RPC_ASK);
	}
	return verdict;
}

/* Does the first rule decide about every call that the second one matches? */
static bool covers(const struct rpc_rule *first, const struct rpc_rule *second)
{
	if (!equal(first->service, any) && !equal(first->service, second->service))
		return false;
	return equal(first->argument, any) || equal(first->argument, second->argument) ||
	       (first->action == RPC_DENY && argument_is_part(first, second->argument));
}

/* Is there no rule before this one that covers it? */
static bool decides(const struct rpc_rule *rules, size_t number, const char *source,
		    const char *target)
{
	for (size_t i = 0; i < number; i++) {
		if (rpc_rule_pair_matches(&rules[i], source, target) &&
		    covers(&rules[i], &rules[number]))
			return false;
	}
	return true;
}

bool rpc_policy_opens(const struct rpc_rule *rules, size_t count, const char *source,
		      const char *target)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i].action != RPC_DENY &&
		    rpc_rule_pair_matches(&rules[i], source, target) &&
		    decides(rules, i, source, target))
			return true;
	}
	return false;
}

bool rpc_policy_requests(const struct rpc_rule *rules, size_t count, const char *source)
{
	for (size_t i = 0; i < count; i++) {
		if (vm_matches(rules[i].source, source) &&
		    (rules[i].action == RPC_ASK ||
		     (rules[i].action == RPC_ALLOW && is_disposable(rules[i].target))))
			return true;
	}
	return false;
}
