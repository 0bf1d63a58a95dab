/*
 * The names in a policy, its lines, what it decides, how dom0 hands it on, and what guests ask.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "policy/pair.h"
#include "policy/request.h"
#include <stdlib.h>

#define N10 "nnnnnnnnnn"
#define N60 N10 N10 N10 N10 N10 N10

/* ---- Names ---- */

static const struct {
	const char *name;
	bool service, account;
} names[] = {
	{"PedOS.Filecopy", true, true},
	{"PedOS.Filecopy+rename", true, false},
	{"a", true, true},
	{"Z", true, true},
	{"a+b+c", true, false},
	{"a+b+c.d-e_f", true, false},
	/* Another spelling of "a", and of "a+b". */
	{"a+", false, false},
	{"a++", false, false},
	{"a++b", false, false},
	{"a+b+", false, false},
	{"a+b++c", false, false},
	{"a++b+", false, false},
	{"a_b-c.d0", true, true},
	{"", false, false},
	{"+", false, false},
	{"+a", false, false},
	{"0a", false, false},
	{"_a", false, true},
	{"-a", false, false},
	{".a", false, false},
	{"a/b", false, false},
	{"a b", false, false},
	{"a*", false, false},
	{"*", false, false},
	{"a@b", false, false},
	{"a[", false, false},
	{"a`", false, false},
	{"a{", false, false},
	{"a\n", false, false},
	{"caf\303\251", false, false},
	{"a\177", false, false},
	{N10 N10 N10 "nn", true, true},
	{N10 N10 N10 "nnn", true, false},
	{N60 "nnn", true, false},
	{N60 "nnnn", false, false},
};

START_TEST(name)
{
	ck_assert_msg(rpc_service_ok(names[_i].name) == names[_i].service, "service \"%s\"",
		      names[_i].name);
	ck_assert_msg(rpc_account_ok(names[_i].name) == names[_i].account, "account \"%s\"",
		      names[_i].name);
}
END_TEST

/* ---- Lines ---- */

static const struct {
	const char *line;
	struct rpc_rule rule;
} good[] = {
	{"PedOS.Filecopy * work vault allow",
	 {"PedOS.Filecopy", "*", "work", "vault", "", RPC_ALLOW}},
	{"PedOS.Filecopy +rename work @anyvm ask",
	 {"PedOS.Filecopy", "+rename", "work", "@anyvm", "", RPC_ASK}},
	{"* * @anyvm @anyvm deny", {"*", "*", "@anyvm", "@anyvm", "", RPC_DENY}},
	{"a * b @dispvm ask", {"a", "*", "b", "@dispvm", "", RPC_ASK}},
	{"a * b @dispvm:" N10 N10 N10 N10 N10 "n-_0z allow",
	 {"a", "*", "b", "@dispvm:" N10 N10 N10 N10 N10 "n-_0z", "", RPC_ALLOW}},
	{"a + b c allow user=root", {"a", "+", "b", "c", "root", RPC_ALLOW}},
	{"a +x+y b c ask user=_d-1.x", {"a", "+x+y", "b", "c", "_d-1.x", RPC_ASK}},
	{"a +x+y+x b c allow", {"a", "+x+y+x", "b", "c", "", RPC_ALLOW}},
	{"* +-. b c allow", {"*", "+-.", "b", "c", "", RPC_ALLOW}},
	{"\t a \t+ \t b  c\tallow \t", {"a", "+", "b", "c", "", RPC_ALLOW}},
	{"a * b c allow\r", {"a", "*", "b", "c", "", RPC_ALLOW}},
	{"a * b b allow", {"a", "*", "b", "b", "", RPC_ALLOW}},
	{N60 "nnn * b c allow", {N60 "nnn", "*", "b", "c", "", RPC_ALLOW}},
	{N60 "nnn + b c allow", {N60 "nnn", "+", "b", "c", "", RPC_ALLOW}},
	{N60 "n +x b c allow", {N60 "n", "+x", "b", "c", "", RPC_ALLOW}},
	{"n +" N60 "n b c allow", {"n", "+" N60 "n", "b", "c", "", RPC_ALLOW}},
	{"a * " N60 "nnn " N60 "nnn allow", {"a", "*", N60 "nnn", N60 "nnn", "", RPC_ALLOW}},
	{"a * b c allow user=" N10 N10 N10 "nn", {"a", "*", "b", "c", N10 N10 N10 "nn", RPC_ALLOW}},
};

/* A copy with nothing behind it, in memory of a tool that checks memory. */
static int parse(const char *line, size_t length, struct rpc_rule *rule, const char **why)
{
	char *exact = memcpy(malloc(length + 1), line, length);
	int r;

	exact = realloc(exact, length ? length : 1);
	memset(rule, 0x55, sizeof(*rule)); /* nothing of what was there before may stay */
	*why = NULL;
	r = rpc_rule_parse(exact, length, rule, why);
	free(exact);
	return r;
}

START_TEST(line_good)
{
	struct rpc_rule rule;
	const char *why;

	ck_assert_msg(parse(good[_i].line, strlen(good[_i].line), &rule, &why) == 1, "%s: %s",
		      good[_i].line, why);
	ck_assert_msg(memcmp(&rule, &good[_i].rule, sizeof(rule)) == 0,
		      "%s: it says %s %s %s %s %d %s", good[_i].line, rule.service, rule.argument,
		      rule.source, rule.target, rule.action, rule.user);
}
END_TEST

static const char *const empty[] = {
	"",    " ",   "\t \t",         "#", "# a * b c allow", "  \t# caf\303\251 \001", "\r",
	" \r", "#\r", "#a * b c allow"};

START_TEST(line_empty)
{
	static const struct rpc_rule zeros;
	struct rpc_rule rule;
	const char *why;

	ck_assert_int_eq(parse(empty[_i], strlen(empty[_i]), &rule, &why), 0);
	ck_assert_mem_eq(&rule, &zeros, sizeof(rule));
}
END_TEST

#define BYTES(string) string, sizeof(string) - 1

static const struct {
	const char *line;
	size_t length;
	const char *why; /* a part of it */
} bad[] = {
	{BYTES("a"), "five columns"},
	{BYTES("a * b c"), "five columns"},
	{BYTES("a * b c # allow"), "the action must"},
	{BYTES("a+x * b c allow"), "column behind it"},
	{BYTES("a+ * b c allow"), "the service must"},
	{BYTES("+ * b c allow"), "the service must"},
	{BYTES("@anyvm * b c allow"), "the service must"},
	{BYTES("** * b c allow"), "the service must"},
	{BYTES("1a * b c allow"), "the service must"},
	{BYTES("a/b * b c allow"), "the service must"},
	{BYTES("a\0 * b c allow"), "the service must"},
	{BYTES("*\0 * b c allow"), "the service must"},
	{BYTES("caf\303\251 * b c allow"), "the service must"},
	{BYTES(N60 "nnnn * b c allow"), "the service must"},
	{BYTES("\va * b c allow"), "the service must"},
	{BYTES("a x b c allow"), "the argument must"},
	{BYTES("a ** b c allow"), "the argument must"},
	{BYTES("a +* b c allow"), "the argument must"},
	{BYTES("a +/ b c allow"), "the argument must"},
	{BYTES("a ++ b c allow"), "the argument must"},
	{BYTES("a +x+ b c deny"), "the argument must"},
	{BYTES("a ++x b c deny"), "the argument must"},
	{BYTES("a +x++y b c deny"), "the argument must"},
	{BYTES("a +x\0 b c allow"), "the argument must"},
	{BYTES("a -x b c allow"), "the argument must"},
	{BYTES("a +" N60 "nnn b c allow"), "the argument must"},
	{BYTES("a +" N60 "nn b c allow"), "at most 63 characters together"},
	{BYTES(N60 "nn +x b c allow"), "at most 63 characters together"},
	{BYTES("a * * c allow"), "the source must"},
	{BYTES("a * @any c allow"), "the source must"},
	{BYTES("a * @anyvmx c allow"), "the source must"},
	{BYTES("a * b+ c allow"), "the source must"},
	{BYTES("a * 1 c allow"), "the source must"},
	{BYTES("a * b\0 c allow"), "the source must"},
	{BYTES("a * " N60 "nnnn c allow"), "the source must"},
	{BYTES("a * b @ allow"), "the target must"},
	{BYTES("a * b @anyvm\0 allow"), "the target must"},
	{BYTES("a * b @dispvm: allow"), "the target must"},
	{BYTES("a * b @dispvm:a\0b allow"), "the target must"},
	{BYTES("a * b @dispvm:a.b allow"), "the target must"},
	{BYTES("a * b @dispvm:1 allow"), "the target must"},
	{BYTES("a * b @dispvms allow"), "the target must"},
	{BYTES("a * b @dispv allow"), "the target must"},
	{BYTES("a * b @dispvm:" N10 N10 N10 N10 N10 "nnnnnn allow"), "the target must"},
	{BYTES("a * @dispvm b allow"), "the source must"},
	{BYTES("a * b " N60 "nnnn allow"), "the target must"},
	{BYTES("a * b c Allow"), "the action must"},
	{BYTES("a * b c allo"), "the action must"},
	{BYTES("a * b c allowed"), "the action must"},
	{BYTES("a * b c allow\0"), "the action must"},
	{BYTES("a * b c allow\r "), "the action must"},
	{BYTES("a * b c allow\r\r"), "the action must"},
	{BYTES("a * b c allow\nd * e f allow"), "the action must"},
	{BYTES("a * b c allow #"), "a comment needs"},
	{BYTES("a * b c deny # never"), "a comment needs"},
	{BYTES("a * b c allow notify=yes"), "only user=NAME"},
	{BYTES("a * b c allow user"), "only user=NAME"},
	{BYTES("a * b c allow User=x"), "only user=NAME"},
	{BYTES("a * b c allow target=x"), "only user=NAME"},
	{BYTES("a * b c allow user=x y"), "only user=NAME"},
	{BYTES("a * b c allow user=x user=x"), "only once"},
	{BYTES("a * b c deny user=x"), "deny takes no"},
	{BYTES("a * b c allow user="), "an account's name"},
	{BYTES("a * b c allow user=0"), "an account's name"},
	{BYTES("a * b c allow user=a+b"), "an account's name"},
	{BYTES("a * b c allow user=a\0"), "an account's name"},
	{BYTES("a * b c allow user=" N10 N10 N10 "nnn"), "an account's name"},
};

START_TEST(line_bad)
{
	static const struct rpc_rule zeros;
	struct rpc_rule rule;
	const char *why;

	ck_assert_msg(parse(bad[_i].line, bad[_i].length, &rule, &why) == -EINVAL, "%s",
		      bad[_i].line);
	ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s: %s", bad[_i].line, why);
	ck_assert_mem_eq(&rule, &zeros, sizeof(rule));
}
END_TEST

START_TEST(line_ends_where_its_length_says)
{
	static const char line[] = "a * b c allow user=xyz";
	struct rpc_rule rule;
	const char *why;

	ck_assert_int_eq(parse(line, sizeof(line) - 3, &rule, &why), 1);
	ck_assert_str_eq(rule.user, "x");
	ck_assert_int_eq(parse(line, 13, &rule, &why), 1);
	ck_assert_int_eq(parse(line, 12, &rule, &why), -EINVAL);
}
END_TEST

/* ---- Decisions ---- */

static const char *const policy[] = {
	"PedOS.Filecopy +rename work vault allow user=keeper",
	"PedOS.Filecopy + work vault ask",
	"PedOS.Filecopy * evil @anyvm deny",
	"PedOS.Filecopy * @anyvm vault allow",
	"* +all boss @anyvm allow user=root",
	"Clock * @anyvm @anyvm allow",
	"Clock +set @anyvm @anyvm deny",
	"* * @anyvm open ask user=guest",
	"Mail +secret @anyvm vault deny",
	"Mail +x+y @anyvm vault deny",
	"Mail +ask @anyvm vault ask",
	"Mail + @anyvm vault deny",
	"Mail * @anyvm vault allow",
	"Open * work @dispvm allow user=new",
	"Open * work @dispvm:office ask",
};

static size_t read_policy(struct rpc_rule rules[COUNT(policy)])
{
	const char *why;

	for (size_t i = 0; i < COUNT(policy); i++)
		ck_assert_int_eq(rpc_rule_parse(policy[i], strlen(policy[i]), &rules[i], &why), 1);
	return COUNT(policy);
}

static const struct {
	const char *service, *source, *target;
	enum rpc_action action;
	const char *user;
} calls[] = {
	{"PedOS.Filecopy+rename", "work", "vault", RPC_ALLOW, "keeper"},
	{"PedOS.Filecopy", "work", "vault", RPC_ASK, ""},
	{"PedOS.Filecopy+rename+x", "work", "vault", RPC_ALLOW, ""},
	{"PedOS.Filecopy+renam", "work", "vault", RPC_ALLOW, ""},
	{"PedOS.Filecopy+rename", "work2", "vault", RPC_ALLOW, ""},
	{"PedOS.Filecopy+rename", "wor", "vault", RPC_ALLOW, ""},
	{"PedOS.Filecopy+rename", "evil", "vault", RPC_DENY, ""},
	{"PedOS.Filecopy", "evil", "open", RPC_DENY, ""},
	{"PedOS.Filecopy", "vault", "work", RPC_DENY, ""},
	{"PedOS.FilecopyX", "work", "vault", RPC_DENY, ""},
	{"PedOS.Filecop", "work", "vault", RPC_DENY, ""},
	{"PedOS.Filecop+y", "work", "vault", RPC_DENY, ""},
	{"pedos.filecopy+rename", "work", "vault", RPC_DENY, ""},
	{"Anything+all", "boss", "work", RPC_ALLOW, "root"},
	{"Anything+allX", "boss", "work", RPC_DENY, ""},
	{"Anything", "boss", "work", RPC_DENY, ""},
	/* The first rule that matches counts, not the one that fits best. */
	{"Clock+set", "work", "vault", RPC_ALLOW, ""},
	{"Anything+x", "work", "open", RPC_ASK, "guest"},
	{"Anything", "open", "work", RPC_DENY, ""},
	/* What is denied is denied with anything else, too. */
	{"Mail+secret", "work", "vault", RPC_DENY, ""},
	{"Mail+secret+more", "work", "vault", RPC_DENY, ""},
	{"Mail+more+secret", "work", "vault", RPC_DENY, ""},
	{"Mail+a+secret+b", "work", "vault", RPC_DENY, ""},
	{"Mail+secrets", "work", "vault", RPC_ALLOW, ""},
	{"Mail+secrets+b", "work", "vault", RPC_ALLOW, ""},
	{"Mail+mysecret", "work", "vault", RPC_ALLOW, ""},
	{"Mail+x", "work", "vault", RPC_ALLOW, ""},
	{"Mail+x+y", "work", "vault", RPC_DENY, ""},
	{"Mail+a+x+y+b", "work", "vault", RPC_DENY, ""},
	{"Mail+x+z+y", "work", "vault", RPC_ALLOW, ""},
	{"Mail", "work", "vault", RPC_DENY, ""},
	/* What is asked about is not allowed with anything else without asking. */
	{"Mail+ask", "work", "vault", RPC_ASK, ""},
	{"Mail+ask+more", "work", "vault", RPC_ASK, ""},
	{"Mail+more+ask", "work", "vault", RPC_ASK, ""},
	{"Mail+asked", "work", "vault", RPC_ALLOW, ""},
	{"Mail+ask+secret", "work", "vault", RPC_DENY, ""},
	{"PedOS.Filecopy+x", "work", "vault", RPC_ALLOW, ""},
	/* A disposable VM is none of any VMs. */
	{"Open", "work", "@dispvm", RPC_ALLOW, "new"},
	{"Open", "work", "@dispvm:office", RPC_ASK, ""},
	{"Open", "work", "@dispvm:other", RPC_DENY, ""},
	{"Open", "vault", "@dispvm", RPC_DENY, ""},
	{"Clock", "work", "@dispvm", RPC_DENY, ""},
	{"Clock", "work", "@dispvm:office", RPC_DENY, ""},
};

START_TEST(decision)
{
	struct rpc_rule rules[COUNT(policy)];
	struct rpc_verdict verdict = rpc_policy_decide(rules, read_policy(rules), calls[_i].service,
						       calls[_i].source, calls[_i].target);

	ck_assert_msg(verdict.action == calls[_i].action &&
			      strcmp(verdict.user, calls[_i].user) == 0,
		      "%s from %s to %s: %d as \"%s\"", calls[_i].service, calls[_i].source,
		      calls[_i].target, verdict.action, verdict.user);
}
END_TEST

START_TEST(no_rules_no_calls)
{
	ck_assert_int_eq(rpc_policy_decide(NULL, 0, "Clock", "a", "b").action, RPC_DENY);
}
END_TEST

/* ---- What dom0 hands on ---- */

static const char *format(const char *source, const char *target)
{
	static char text[RPC_PAIR_TEXT_MAX + 1];
	struct rpc_rule rules[COUNT(policy)];
	ssize_t length =
		rpc_pair_format(rules, read_policy(rules), source, target, RPC_PAIR_TARGET, text);

	MUST(length);
	text[length] = '\0';
	return text;
}

START_TEST(pair_text)
{
	ck_assert_str_eq(format("work", "vault"), "work\nPedOS.Filecopy +rename allow "
						  "user=keeper\nPedOS.Filecopy + "
						  "ask\nPedOS.Filecopy * allow\n"
						  "Clock * allow\nClock +set deny\n"
						  "Mail +secret deny\nMail +x+y deny\n"
						  "Mail +ask ask\nMail + deny\nMail * allow\n");
	ck_assert_str_eq(format("evil", "open"), "evil\nPedOS.Filecopy * deny\nClock * "
						 "allow\nClock +set deny\n* * ask user=guest\n");
}
END_TEST

/* The source learns what it may call, and nothing of the target's accounts. */
START_TEST(pair_text_for_the_source)
{
	static char text[RPC_PAIR_TEXT_MAX + 1];
	struct rpc_rule rules[COUNT(policy)];
	ssize_t length =
		rpc_pair_format(rules, read_policy(rules), "evil", "open", RPC_PAIR_SOURCE, text);

	MUST(length);
	text[length] = '\0';
	ck_assert_str_eq(text, "evil\nPedOS.Filecopy * deny\nClock * "
			       "allow\nClock +set deny\n* * ask\n");
}
END_TEST

/* Rules for calls from "a" to "b", and whether there is a service that may be called. */
static const struct {
	const char *lines[3];
	bool opens;
} openings[] = {
	{{"A * a b allow"}, true},
	{{"A * a b ask"}, true},
	{{"A * a b deny"}, false},
	{{"A * b a allow"}, false},
	{{"A * @anyvm @anyvm allow"}, true},
	{{"A * a b deny", "A * a b allow"}, false},
	{{"A +x a b deny", "A +x a b allow"}, false},
	{{"A +x a b deny", "A +y a b allow"}, true},
	{{"A +x a b deny", "A +y+x a b allow"}, false},
	{{"A +x a b ask", "A +y+x a b allow"}, true},
	{{"A +x a b deny", "A + a b allow"}, true},
	{{"A +x a b deny", "A * a b allow"}, true},
	{{"* +x a b deny", "A +x a b allow"}, false},
	{{"* + a b deny", "A * a b allow"}, true},
	{{"A * a b deny", "A +x a b allow"}, false},
	{{"A * a b deny", "* * a b ask"}, true},
	{{"* * @anyvm @anyvm deny", "A * a b allow"}, false},
	{{"* * b a deny", "A * a b allow"}, true},
	{{"A * a b deny", "B * a b deny", "B * a b allow"}, false},
	{{"A * a b deny", "B * a b deny", "C * a b allow"}, true},
};

START_TEST(opens)
{
	struct rpc_rule rules[3];
	size_t count = 0;
	const char *why;

	for (; count < 3 && openings[_i].lines[count]; count++)
		ck_assert_int_eq(rpc_rule_parse(openings[_i].lines[count],
						strlen(openings[_i].lines[count]), &rules[count],
						&why),
				 1);
	ck_assert_msg(rpc_policy_opens(rules, count, "a", "b") == openings[_i].opens, "%s, %s",
		      openings[_i].lines[0], count > 1 ? openings[_i].lines[1] : "");
}
END_TEST

START_TEST(pair_text_only_where_something_may_be_called)
{
	static const char *const lines[] = {"A * a b deny", "* * a @anyvm deny",
					    "A * @anyvm @anyvm allow"};
	struct rpc_rule rules[COUNT(lines)];
	char text[RPC_PAIR_TEXT_MAX];
	const char *why;

	for (size_t i = 0; i < COUNT(lines); i++)
		ck_assert_int_eq(rpc_rule_parse(lines[i], strlen(lines[i]), &rules[i], &why), 1);
	/* The last rule counts no more. */
	ck_assert_int_eq(rpc_pair_format(rules, COUNT(rules), "a", "b", RPC_PAIR_TARGET, text), 0);
	ck_assert_int_eq(rpc_pair_format(rules, COUNT(rules), "b", "a", RPC_PAIR_TARGET, text),
			 (ssize_t)strlen("b\nA * allow\n"));
	ck_assert_int_eq(rpc_pair_format(rules, 1, "b", "c", RPC_PAIR_TARGET, text), 0);
	ck_assert_int_eq(rpc_pair_format(rules, 0, "b", "a", RPC_PAIR_TARGET, text), 0);
}
END_TEST

/*
 * A text of exactly the largest size, and one that is a byte longer. Lines of 8 bytes, behind a
 * name that fills up what is left.
 */
START_TEST(pair_text_bound)
{
	static const struct rpc_rule rule = {"a", "*", "*", "*", "", RPC_ASK};
	static struct rpc_rule rules[RPC_PAIR_RULES_MAX];
	const size_t lines = RPC_PAIR_RULES_MAX - 1;
	char text[RPC_PAIR_TEXT_MAX + 1], source[RPC_NAME_SIZE];
	struct rpc_rule *again = calloc(RPC_PAIR_RULES_MAX, sizeof(*again));
	const char *why;

	for (size_t i = 0; i < COUNT(rules); i++)
		rules[i] = rule;
	text[RPC_PAIR_TEXT_MAX] = '!';
	ck_assert_int_eq(rpc_pair_format(rules, lines, "seven77", "b", RPC_PAIR_TARGET, text),
			 RPC_PAIR_TEXT_MAX);
	ck_assert_int_eq(rpc_pair_parse(text, RPC_PAIR_TEXT_MAX, source, again, &why),
			 (ssize_t)lines);
	ck_assert_str_eq(source, "seven77");
	ck_assert_mem_eq(again, rules, lines * sizeof(rule));
	ck_assert_int_eq(rpc_pair_format(rules, lines, "eight888", "b", RPC_PAIR_TARGET, text),
			 -E2BIG);
	ck_assert_int_eq(rpc_pair_format(rules, lines + 1, "s", "b", RPC_PAIR_TARGET, text),
			 -E2BIG);
	ck_assert_int_eq(text[RPC_PAIR_TEXT_MAX], '!');
	free(again);
}
END_TEST

START_TEST(pair_line_is_never_longer_than_its_room)
{
	struct rpc_rule rule = {N60 "nnn", "+" N60 "nn", "", "", N10 N10 N10 "nn", RPC_ALLOW};
	char text[RPC_PAIR_LINE_SIZE];

	ck_assert_uint_eq(rpc_rule_format_pair(&rule, text), strlen(text));
	ck_assert_uint_lt(strlen(text), sizeof(text));
	ck_assert_str_eq(text, N60 "nnn +" N60 "nn allow user=" N10 N10 N10 "nn\n");
}
END_TEST

static const struct {
	const char *text;
	size_t length;
	ssize_t result;
	const char *why; /* a part of it */
} texts[] = {
	{BYTES("work\n"), 0, NULL},
	{BYTES("work\na * allow\n"), 1, NULL},
	{BYTES("work\na * allow user=x\n* + ask\nb * deny\n"), 3, NULL},
	{BYTES(N60 "nnn\na * allow\n"), 1, NULL},
	{BYTES(""), -EINVAL, "first line"},
	{BYTES("\n"), -EINVAL, "first line"},
	{BYTES("work"), -EINVAL, "first line"},
	{BYTES("wo/rk\n"), -EINVAL, "first line"},
	{BYTES("wo\0rk\n"), -EINVAL, "first line"},
	{BYTES("work\r\na * allow\n"), -EINVAL, "first line"},
	{BYTES("@anyvm\na * allow\n"), -EINVAL, "first line"},
	{BYTES(N60 "nnnn\na * allow\n"), -EINVAL, "first line"},
	{BYTES("work\na * allow"), -EINVAL, "no newline"},
	{BYTES("work\na * allow\nb"), -EINVAL, "no newline"},
	{BYTES("work\n\n"), -EINVAL, "three columns"},
	{BYTES("work\n# a * allow\n"), -EINVAL, "the service must"},
	{BYTES("work\na * b c allow\n"), -EINVAL, "the action must"},
	{BYTES("work\na * allow\r\n"), -EINVAL, "the action must"},
	{BYTES("work\na * deny user=x\n"), -EINVAL, "deny takes no"},
	{BYTES("work\na x allow\n"), -EINVAL, "the argument must"},
};

START_TEST(pair_text_read)
{
	struct rpc_rule *rules = calloc(RPC_PAIR_RULES_MAX, sizeof(*rules));
	char source[RPC_NAME_SIZE];
	const char *why = NULL;

	ck_assert_msg(rpc_pair_parse(texts[_i].text, texts[_i].length, source, rules, &why) ==
			      texts[_i].result,
		      "%s: %s", texts[_i].text, why);
	ck_assert_msg(!texts[_i].why || strstr(why, texts[_i].why), "%s: %s", texts[_i].text, why);
	free(rules);
}
END_TEST

START_TEST(pair_text_has_too_many_rules)
{
	const size_t lines = RPC_PAIR_RULES_MAX + 1;
	struct rpc_rule *rules = calloc(RPC_PAIR_RULES_MAX, sizeof(*rules));
	char *text = malloc(2 + lines * 8), source[RPC_NAME_SIZE];
	const char *why;

	memcpy(text, "s\n", 2);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + 2 + 8 * i, "a * ask\n", 8);
	ck_assert_int_eq(rpc_pair_parse(text, 2 + 8 * (lines - 1), source, rules, &why),
			 RPC_PAIR_RULES_MAX);
	ck_assert_int_eq(rpc_pair_parse(text, 2 + 8 * lines, source, rules, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "too many rules"));
	free(text);
	free(rules);
}
END_TEST

/* Whatever may be asked, the target decides by its text as the policy would. */
START_TEST(pair_text_decides_the_same)
{
	struct rpc_rule all[COUNT(policy)], *told = calloc(RPC_PAIR_RULES_MAX, sizeof(*told));
	size_t count = read_policy(all);
	char source[RPC_NAME_SIZE];
	const char *why, *text = format(calls[_i].source, calls[_i].target);
	ssize_t rules = *text ? rpc_pair_parse(text, strlen(text), source, told, &why) : 0;
	struct rpc_verdict a, b;

	MUST(rules);
	for (size_t i = 0; i < COUNT(calls); i++) {
		a = rpc_policy_decide(all, count, calls[i].service, calls[_i].source,
				      calls[_i].target);
		b = rpc_policy_decide(told, (size_t)rules, calls[i].service, calls[_i].source,
				      calls[_i].target);
		ck_assert_int_eq(a.action, b.action);
		ck_assert_str_eq(a.user, b.user);
	}
	free(told);
}
END_TEST

/* ---- What guests ask of dom0 ---- */

/* Who asks, and whether the rules have anything that may be asked. */
START_TEST(requesting)
{
	static const struct {
		const char *line, *source;
		bool may;
	} cases[] = {
		{"a * b c allow", "b", false},
		{"a * b c ask", "b", true},
		{"a * b c ask", "c", false},
		{"a * @anyvm c ask", "d", true},
		{"a * @anyvm c ask", "dom0", false},
		{"a * b @dispvm allow", "b", true},
		{"a * b @dispvm:x allow", "b", true},
		{"a * b @dispvm deny", "b", false},
		{"a * b @anyvm allow", "b", false},
		{"a * @anyvm @dispvm ask", "e", true},
		{"a * dom0 @dispvm allow", "dom0", true},
	};
	struct rpc_rule rule;
	const char *why;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *line = cases[i].line;

		ck_assert_int_eq(rpc_rule_parse(line, strlen(line), &rule, &why), 1);
		ck_assert_msg(rpc_policy_requests(&rule, 1, cases[i].source) == cases[i].may,
			      "%s: %s", line, cases[i].source);
	}
}
END_TEST

#define N55 N10 N10 N10 N10 N10 "nnnnn"

static const struct {
	const char *text;
	size_t length;
	const char *target, *service; /* NULL: it is none */
} requests[] = {
	{BYTES("work Copy"), "work", "Copy"},
	{BYTES("@dispvm Copy+a+b"), "@dispvm", "Copy+a+b"},
	{BYTES("@dispvm:" N55 " " N60 "nnn"), "@dispvm:" N55, N60 "nnn"},
	{BYTES("@dispvm:" N55 "n Copy"), NULL, NULL},
	{BYTES("work " N60 "nnnn"), NULL, NULL},
	{BYTES("work"), NULL, NULL},
	{BYTES("work "), NULL, NULL},
	{BYTES(" Copy"), NULL, NULL},
	{BYTES("work  Copy"), NULL, NULL},
	{BYTES("work Copy "), NULL, NULL},
	{BYTES("work Copy\n"), NULL, NULL},
	{BYTES("work Co\0py"), NULL, NULL},
	{BYTES("wo\0rk Copy"), NULL, NULL},
	{BYTES("work Copy\0"), NULL, NULL},
	{BYTES("@anyvm Copy"), NULL, NULL},
	{BYTES("@default Copy"), NULL, NULL},
	{BYTES("@dispvm@x Copy"), NULL, NULL},
	{BYTES("../x Copy"), NULL, NULL},
	{BYTES("work /bin/sh"), NULL, NULL},
	{BYTES(""), NULL, NULL},
};

START_TEST(request)
{
	static const struct rpc_request zeros;
	struct rpc_request found;
	int r = rpc_request_parse(requests[_i].text, requests[_i].length, &found);

	ck_assert_int_eq(r, requests[_i].target ? 0 : -EINVAL);
	if (!requests[_i].target) {
		ck_assert_mem_eq(&found, &zeros, sizeof(found));
		return;
	}
	ck_assert_str_eq(found.target, requests[_i].target);
	ck_assert_str_eq(found.service, requests[_i].service);
}
END_TEST

START_TEST(disposables_in_xenstore)
{
	char node[RPC_NAME_SIZE], target[RPC_NAME_SIZE];

	rpc_disposable_node("@dispvm", node);
	ck_assert_str_eq(node, "@dispvm");
	rpc_disposable_node("@dispvm:" N55, node);
	ck_assert_str_eq(node, "@dispvm@" N55);
	ck_assert(rpc_disposable_target(node, target));
	ck_assert_str_eq(target, "@dispvm:" N55);
	ck_assert(!rpc_disposable_target("@dispvm:x", target));
	ck_assert(!rpc_disposable_target("@dispvm@", target));
	ck_assert(!rpc_disposable_target("@dispvm@x@y", target));
	ck_assert(!rpc_disposable_target("work", target));
	ck_assert(!rpc_disposable_target("@dispvm@" N55 "n", target));
}
END_TEST

Suite *policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *lines = add_case(suite, "lines"), *decisions = add_case(suite, "decisions"),
	      *pairs = add_case(suite, "pairs"), *asked = add_case(suite, "asked");

	add_table_test(lines, name, names);
	add_table_test(lines, line_good, good);
	add_table_test(lines, line_empty, empty);
	add_table_test(lines, line_bad, bad);
	tcase_add_test(lines, line_ends_where_its_length_says);

	add_table_test(decisions, decision, calls);
	tcase_add_test(decisions, no_rules_no_calls);

	tcase_add_test(pairs, pair_text);
	tcase_add_test(pairs, pair_text_for_the_source);
	add_table_test(pairs, opens, openings);
	tcase_add_test(pairs, pair_text_only_where_something_may_be_called);
	tcase_add_test(pairs, pair_text_bound);
	tcase_add_test(pairs, pair_line_is_never_longer_than_its_room);
	add_table_test(pairs, pair_text_read, texts);
	tcase_add_test(pairs, pair_text_has_too_many_rules);
	add_table_test(pairs, pair_text_decides_the_same, calls);
	tcase_add_test(asked, requesting);
	add_table_test(asked, request, requests);
	tcase_add_test(asked, disposables_in_xenstore);
	return suite;
}
