/*
 * Names of VMs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/vmname.h"
#include "unit.h"

#define LETTERS_62 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const struct {
	const char *name;
	bool ok;
} vm_names[] = {
	{"a", true},     {"work", true},         {"Z", true},
	{"a_-.9", true}, {"sys-net", true},      {"disp1234", true},
	{"a..", true},   {LETTERS_62 "x", true}, {LETTERS_62 "xy", false},
	{"", false},     {".", false},           {"..", false},
	{"1a", false},   {"-a", false},          {"_a", false},
	{".a", false},   {"a/b", false},         {"/a", false},
	{"a b", false},  {" a", false},          {"a\n", false},
	{"a@b", false},  {"a:b", false},         {"a+b", false},
	{"a[", false},   {"a`", false},          {"a{", false},
	{"[a", false},   {"`a", false},          {"{a", false},
	{"@a", false},   {"\303\244", false},    {"a\303\244", false},
	{"$a", false},   {"a;b", false},         {"a%b", false},
};

START_TEST(vm_name)
{
	ck_assert_msg(vm_name_ok(vm_names[_i].name) == vm_names[_i].ok, "\"%s\"",
		      vm_names[_i].name);
}
END_TEST

Suite *vmname_suite(void)
{
	Suite *suite = suite_create("vmname");

	add_table_test(add_case(suite, "vm name"), vm_name, vm_names);
	return suite;
}
