/*
 * Names in policies and calls. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/names.h"

#include <stddef.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * May this character be in an account's name? No shell ever sees the name, but even there none of
 * these characters would have a special meaning.
 */
static bool account_character_ok(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool rpc_service_character_ok(char c)
{
	return account_character_ok(c) || c == '+';
}

bool rpc_service_ok(const char *untrusted_service)
{
	char before = '\0';

	if (!is_letter(untrusted_service[0]))
		return false;
	for (size_t i = 0; untrusted_service[i]; i++) {
		char c = untrusted_service[i];

		if (i >= RPC_NAME_SIZE - 1 || !rpc_service_character_ok(c) ||
		    (c == '+' && before == '+'))
			return false;
		before = c;
	}
	return before != '+';
}

bool rpc_disposable_ok(const char *untrusted_target)
{
	static const char word[] = RPC_DISPOSABLE;
	size_t i = 0;

	while (word[i] && untrusted_target[i] == word[i])
		i++;
	if (word[i])
		return false;
	if (!untrusted_target[i])
		return true;
	if (untrusted_target[i] != ':' || !is_letter(untrusted_target[i + 1]))
		return false;
	for (i++; untrusted_target[i]; i++) {
		/* Xenstore has no '.' in the name of a node. */
		if (i >= RPC_NAME_SIZE - 1 || untrusted_target[i] == '.' ||
		    !account_character_ok(untrusted_target[i]))
			return false;
	}
	return true;
}

/* Copy a name with another character in the place of `from`. False: it is too long. */
static bool exchange(const char *name, char from, char to, char copy[RPC_NAME_SIZE])
{
	size_t i = 0;

	for (; name[i] && i < RPC_NAME_SIZE - 1; i++)
		copy[i] = i > 0 && name[i] == from ? to : name[i];
	copy[i] = '\0';
	return !name[i];
}

void rpc_disposable_node(const char *target, char node[RPC_NAME_SIZE])
{
	exchange(target, ':', '@', node);
}

bool rpc_disposable_target(const char *untrusted_node, char target[RPC_NAME_SIZE])
{
	for (size_t i = 0; i < RPC_NAME_SIZE && untrusted_node[i]; i++) {
		if (untrusted_node[i] == ':')
			return false;
	}
	return exchange(untrusted_node, '@', ':', target) && rpc_disposable_ok(target);
}

bool rpc_account_ok(const char *untrusted_account)
{
	if (!is_letter(untrusted_account[0]) && untrusted_account[0] != '_')
		return false;
	for (size_t i = 0; untrusted_account[i]; i++) {
		if (i >= RPC_ACCOUNT_SIZE - 1 || !account_character_ok(untrusted_account[i]))
			return false;
	}
	return true;
}
