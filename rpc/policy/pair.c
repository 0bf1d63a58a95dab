/*
 * The text in which dom0 tells two guests about each other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "policy/pair.h"
#include "text/vmname.h"

#include <errno.h>

/* ---- Writing ---- */

struct output {
	char *text;
	size_t length; /* may exceed the room: what did not fit was counted, not written */
};

static void put(struct output *output, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && output->length + length <= RPC_PAIR_TEXT_MAX; i++)
		output->text[output->length + i] = bytes[i];
	output->length += length;
}

static size_t length_of(const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	return length;
}

/* Write the rules for the two, up to one that decides everything. */
static void put_rules(struct output *output, const struct rpc_rule *rules, size_t count,
		      const char *source, const char *target, enum rpc_pair_reader reader)
{
	char line[RPC_PAIR_LINE_SIZE];
	struct rpc_rule rule;

	for (size_t i = 0; i < count; i++) {
		if (!rpc_rule_pair_matches(&rules[i], source, target))
			continue;
		rule = rules[i];
		if (reader == RPC_PAIR_SOURCE)
			rule.user[0] = '\0';
		put(output, line, rpc_rule_format_pair(&rule, line));
		if (rpc_rule_is_last(&rules[i]))
			break;
	}
}

ssize_t rpc_pair_format(const struct rpc_rule *rules, size_t count, const char *source,
			const char *target, enum rpc_pair_reader reader,
			char text[RPC_PAIR_TEXT_MAX])
{
	struct output output = {.text = text};

	if (!rpc_policy_opens(rules, count, source, target))
		return 0;
	put(&output, source, length_of(source));
	put(&output, "\n", 1);
	put_rules(&output, rules, count, source, target, reader);
	return output.length <= RPC_PAIR_TEXT_MAX ? (ssize_t)output.length : -E2BIG;
}

/* ---- Reading ---- */

/* The end of the line at `from`: its newline, or `length` if there is none. */
static size_t line_end(const char *text, size_t from, size_t length)
{
	while (from < length && text[from] != '\n')
		from++;
	return from;
}

static bool take_source(const char *untrusted_text, size_t length, char source[RPC_NAME_SIZE])
{
	if (length >= RPC_NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
		source[i] = untrusted_text[i];
	source[length] = '\0';
	/* A NUL inside would end the name early. */
	return length_of(source) == length && vm_name_ok(source);
}

static ssize_t parse_lines(const char *untrusted_text, size_t at, size_t length,
			   struct rpc_rule rules[RPC_PAIR_RULES_MAX], const char **why)
{
	size_t count = 0;

	while (at < length) {
		size_t end = line_end(untrusted_text, at, length);

		if (end == length || count == RPC_PAIR_RULES_MAX) {
			*why = end == length ? "the last line has no newline"
					     : "there are too many rules";
			return -EINVAL;
		}
		if (rpc_rule_parse_pair(untrusted_text + at, end - at, &rules[count], why) < 0)
			return -EINVAL;
		count++;
		at = end + 1;
	}
	return (ssize_t)count;
}

ssize_t rpc_pair_parse(const char *untrusted_text, size_t length, char source[RPC_NAME_SIZE],
		       struct rpc_rule rules[RPC_PAIR_RULES_MAX], const char **why)
{
	size_t end = line_end(untrusted_text, 0, length);

	if (end == length || !take_source(untrusted_text, end, source)) {
		*why = "the first line must be the source's name";
		return -EINVAL;
	}
	return parse_lines(untrusted_text, end + 1, length, rules, why);
}
