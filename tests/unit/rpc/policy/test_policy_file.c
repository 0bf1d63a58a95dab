/*
 * A policy as it lies on the disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "policy/policy_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct rpc_policy policy;
static struct rpc_policy_error error;

static void write_policy(const char *name, const char *content)
{
	char path[256];

	if (!exists("policy.d"))
		make_dir("policy.d");
	snprintf(path, sizeof(path), "policy.d/%s", name);
	make_file(path, content);
}

/* Nothing is to be left of a policy that is wrong. */
static void refused(int code, const char *file, unsigned line, const char *why)
{
	ck_assert_int_eq(rpc_policy_load("policy.d", &policy, &error), code);
	ck_assert_str_eq(error.file, file);
	ck_assert_uint_eq(error.line, line);
	ck_assert_msg(strstr(error.why, why) != NULL, "%s", error.why);
	ck_assert_ptr_null(policy.rules);
	ck_assert_uint_eq(policy.count, 0);
	ck_assert_uint_eq(policy.files, 0);
}

static void accepted(size_t files, size_t count)
{
	char text[512];

	ck_assert_msg(rpc_policy_load("policy.d", &policy, &error) == 0, "%s",
		      rpc_policy_error_text(&error, text, sizeof(text)));
	ck_assert_uint_eq(policy.files, files);
	ck_assert_uint_eq(policy.count, count);
}

START_TEST(files_in_the_order_of_their_bytes)
{
	scratch_enter_as(_i);
	write_policy("a.policy", "# a comment\n\nC * x y allow\n");
	write_policy("Z.policy", "B * x y allow\nB2 * x y deny");
	write_policy("10.policy", "A * x y allow\r\n");
	write_policy("a-b.policy", "");
	write_policy("\303\251.policy", "D * x y ask\n");
	accepted(5, 5);
	ck_assert_str_eq(policy.rules[0].service, "A");
	ck_assert_str_eq(policy.rules[1].service, "B");
	ck_assert_str_eq(policy.rules[2].service, "B2");
	ck_assert_str_eq(policy.rules[3].service, "C");
	ck_assert_str_eq(policy.rules[4].service, "D");
	rpc_policy_free(&policy);
	ck_assert_uint_eq(policy.count, 0);
}
END_TEST

START_TEST(other_files_are_not_read)
{
	scratch_enter_as(_i);
	write_policy("a.policy~", "wrong");
	write_policy("a.policy.dpkg-new", "wrong");
	write_policy(".a.policy", "wrong");
	write_policy(".policy", "wrong");
	write_policy("policy", "wrong");
	write_policy("README", "wrong");
	accepted(0, 0);
	rpc_policy_free(&policy);
}
END_TEST

START_TEST(no_directory_is_a_policy_without_rules)
{
	scratch_enter_as(_i);
	accepted(0, 0);
	rpc_policy_free(&policy);
}
END_TEST

START_TEST(a_wrong_line_is_named)
{
	char text[512], small[20];

	scratch_enter_as(_i);
	write_policy("1.policy", "A * x y allow\n");
	write_policy("2.policy", "A * x y allow\n# fine\n\nA * x y alow\nA\n");
	write_policy("3.policy", "wrong, but it comes later\n");
	refused(-EINVAL, "policy.d/2.policy", 4, "the action must");
	ck_assert_str_eq(rpc_policy_error_text(&error, text, sizeof(text)),
			 "policy.d/2.policy:4: the action must be allow, deny or ask");
	ck_assert_str_eq(rpc_policy_error_text(&error, small, sizeof(small)), "policy.d/"
									      "2.policy:4");
	write_policy("2.policy", "\nlast");
	refused(-EINVAL, "policy.d/2.policy", 2, "five columns");
}
END_TEST

static const struct {
	mode_t mode;
	bool directory, refused;
} modes[] = {
	{0644, false, false}, {0600, false, false}, {0755, false, false}, {0664, false, true},
	{0646, false, true},  {0622, false, true},  {0755, true, false},  {0700, true, false},
	{0775, true, true},   {0757, true, true},   {01777, true, true},
};

START_TEST(nobody_else_may_write)
{
	const char *path = modes[_i].directory ? "policy.d" : "policy.d/a.policy";

	scratch_enter_plain();
	write_policy("a.policy", "A * x y allow\n");
	MUST(chmod(path, modes[_i].mode));
	if (modes[_i].refused) {
		refused(-EPERM, path, 0, "others may write");
	} else {
		accepted(1, 1);
		rpc_policy_free(&policy);
	}
}
END_TEST

/* Only root can give files away; others cannot come into this situation by themselves. */
START_TEST(nobody_else_may_own)
{
	const char *path = _i ? "policy.d" : "policy.d/a.policy";

	scratch_enter();
	write_policy("a.policy", "A * x y allow\n");
	if (geteuid() == 0) {
		MUST(chown(path, 65534, 65534));
		refused(-EPERM, path, 0, "belongs to somebody else");
	}
	/* Root's are good for everyone. */
	ck_assert_int_eq(rpc_policy_load("/", &policy, &error), 0);
	rpc_policy_free(&policy);
}
END_TEST

START_TEST(only_regular_files)
{
	scratch_enter_as(_i);
	write_policy("real", "A * x y allow\n");
	make_link("policy.d/a.policy", "real");
	refused(-ELOOP, "policy.d/a.policy", 0, "it is a link");
	MUST(unlink("policy.d/a.policy"));
	make_dir("policy.d/a.policy");
	refused(-EINVAL, "policy.d/a.policy", 0, "no regular file");
	MUST(rmdir("policy.d/a.policy"));
	MUST(mkfifo("policy.d/a.policy", 0600));
	refused(-EINVAL, "policy.d/a.policy", 0, "no regular file");
}
END_TEST

START_TEST(what_cannot_be_read_is_no_empty_policy)
{
	scratch_enter_plain();
	make_file("policy.d", "");
	refused(-ENOTDIR, "policy.d", 0, "Not a directory");
	MUST(unlink("policy.d"));
	write_policy("a.policy", "A * x y allow\n");
	MUST(chmod("policy.d/a.policy", 0));
	refused(-EACCES, "policy.d/a.policy", 0, "Permission denied");
	MUST(chmod("policy.d", 0));
	refused(-EACCES, "policy.d", 0, "Permission denied");
	MUST(chmod("policy.d", 0700));
}
END_TEST

/* Write `count` times the same text. */
static void write_many(const char *name, const char *text, size_t count)
{
	size_t length = strlen(text);
	char *content = malloc(count * length + 1), *end = content;

	for (size_t i = 0; i < count; i++)
		end = mempcpy(end, text, length);
	*end = '\0';
	write_policy(name, content);
	free(content);
}

START_TEST(bound_of_rules)
{
	scratch_enter();
	write_many("a.policy", "A * x y allow\n", RPC_RULES_MAX - 1);
	write_policy("b.policy", "A * x y allow\n# no rule\n");
	accepted(2, RPC_RULES_MAX);
	rpc_policy_free(&policy);
	write_policy("b.policy", "A * x y allow\nA * x y allow\n");
	refused(-E2BIG, "policy.d/b.policy", 2, "4096 rules");
}
END_TEST

START_TEST(bound_of_a_line)
{
	scratch_enter();
	write_many("a.policy", "#", RPC_POLICY_LINE_MAX);
	accepted(1, 0);
	rpc_policy_free(&policy);
	write_many("a.policy", "#", RPC_POLICY_LINE_MAX + 1);
	refused(-E2BIG, "policy.d/a.policy", 1, "1023 bytes");
}
END_TEST

START_TEST(bound_of_a_file)
{
	scratch_enter();
	write_many("a.policy", "#23\n", RPC_POLICY_FILE_MAX / 4);
	accepted(1, 0);
	rpc_policy_free(&policy);
	write_many("a.policy", "#23\n", RPC_POLICY_FILE_MAX / 4 + 1);
	refused(-E2BIG, "policy.d/a.policy", 0, "1 MiB");
}
END_TEST

START_TEST(no_descriptor_stays_open)
{
	unsigned before = open_descriptors();

	scratch_enter();
	write_policy("a.policy", "A * x y allow\n");
	accepted(1, 1);
	rpc_policy_free(&policy);
	write_policy("a.policy", "wrong\n");
	refused(-EINVAL, "policy.d/a.policy", 1, "five columns");
	make_link("policy.d/0.policy", "a.policy");
	refused(-ELOOP, "policy.d/0.policy", 0, "it is a link");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

Suite *policy_file_suite(void)
{
	Suite *suite = suite_create("policy_file");
	TCase *reading = add_case(suite, "reading"), *refusing = add_case(suite, "refusing"),
	      *bounds = add_case(suite, "bounds");

	add_both_users_test(reading, files_in_the_order_of_their_bytes);
	add_both_users_test(reading, other_files_are_not_read);
	add_both_users_test(reading, no_directory_is_a_policy_without_rules);
	tcase_add_test(reading, no_descriptor_stays_open);

	add_both_users_test(refusing, a_wrong_line_is_named);
	add_table_test(refusing, nobody_else_may_write, modes);
	tcase_add_loop_test(refusing, nobody_else_may_own, 0, 2);
	add_both_users_test(refusing, only_regular_files);
	tcase_add_test(refusing, what_cannot_be_read_is_no_empty_policy);

	tcase_add_test(bounds, bound_of_rules);
	tcase_add_test(bounds, bound_of_a_line);
	tcase_add_test(bounds, bound_of_a_file);
	return suite;
}
