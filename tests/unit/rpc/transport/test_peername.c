/*
 * The names of the accounts that call, at a clock that is played: how often numbers that are
 * nobody's are searched for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "played.h"
#include "transport/peername.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define BLOCK   65536u      /* numbers that one user may have */
#define A_BLOCK 3000000000u /* the first number of one of which nobody has an account */
#define SECOND  1000        /* milliseconds */
#define A_TIME  32          /* so many strangers of a block are searched for in a second */

static char name[RPC_NAME_SIZE];

static void begin(void)
{
	played_pass(0);
	/* Not at the end of a second, in which strangers are counted. */
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(rpc_peer_name(A_BLOCK + 9 * BLOCK + i, name), -ENOENT);
}

/* So many strangers of a block: each has the result `expected`. */
static void strangers(unsigned first, unsigned count, int expected)
{
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(rpc_peer_name(first + i, name), expected);
		ck_assert_str_eq(name, "");
	}
}

START_TEST(strangers_of_a_block_are_searched_for_at_a_limited_rate)
{
	strangers(A_BLOCK, A_TIME, -ENOENT);
	strangers(A_BLOCK + 1000, 100, -EAGAIN);
	/* Another block is none of theirs, and accounts are found in any case. */
	strangers(A_BLOCK / BLOCK * BLOCK + BLOCK, A_TIME, -ENOENT);
	ck_assert_int_eq(rpc_peer_name(0, name), 0);
	ck_assert_str_eq(name, "root");
	played_pass(SECOND);
	strangers(A_BLOCK + 2000, A_TIME, -ENOENT);
	strangers(A_BLOCK + 3000, 1, -EAGAIN);
}
END_TEST

/* Put this in the place of the file with the accounts. */
static void write_accounts(const char *content)
{
	FILE *file = fopen("passwd", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(content, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(an_account_that_is_gone_is_not_known_for_longer_than_a_second)
{
	scratch_enter();
	ck_assert(mount_own("/srv", 0, NULL)); /* for mounts of our own */
	write_accounts("alice:x:12345:12345::/:/bin/sh\n");
	MUST(mount("passwd", "/etc/passwd", NULL, MS_BIND, NULL));
	rpc_peers_read();
	ck_assert_int_eq(rpc_peer_name(12345, name), 0);
	ck_assert_str_eq(name, "alice");
	write_accounts("bob:x:12346:12346::/:/bin/sh\n");
	played_pass(SECOND - 1);
	ck_assert_int_eq(rpc_peer_name(12345, name), 0);
	played_pass(1);
	strangers(12345, 1, -ENOENT);
	ck_assert_int_eq(rpc_peer_name(12346, name), 0);
	ck_assert_str_eq(name, "bob");
	/* It is asked for again before it has become somebody else's. */
	write_accounts("carol:x:12346:12346::/:/bin/sh\n");
	played_pass(SECOND);
	ck_assert_int_eq(rpc_peer_name(12346, name), 0);
	ck_assert_str_eq(name, "carol");
}
END_TEST

START_TEST(a_name_that_no_vm_can_have_is_none)
{
	scratch_enter();
	ck_assert(mount_own("/srv", 0, NULL));
	write_accounts("_service:x:12345:12345::/:/bin/sh\n");
	MUST(mount("passwd", "/etc/passwd", NULL, MS_BIND, NULL));
	rpc_peers_read();
	strangers(12345, 1, -ENOENT);
}
END_TEST

Suite *peername_suite(void)
{
	Suite *suite = suite_create("peername");
	TCase *tcase = add_case(suite, "rate"), *accounts;

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, strangers_of_a_block_are_searched_for_at_a_limited_rate);
	accounts = add_case_if(suite, "accounts", can_mount(0), "this user cannot mount");
	tcase_add_checked_fixture(accounts, begin, NULL);
	tcase_add_test(accounts, an_account_that_is_gone_is_not_known_for_longer_than_a_second);
	tcase_add_test(accounts, a_name_that_no_vm_can_have_is_none);
	return suite;
}
