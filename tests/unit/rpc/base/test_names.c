/*
 * Names of disposables as targets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "base/names.h"

#define LONG_50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"

static const struct {
	const char *name;
	bool ok;
} disposables[] = {
	{"@dispvm", true},
	{"@dispvm:web", true},
	{"@dispvm:Web-2_x", true},
	{"@dispvm:" LONG_50 "12345", true},
	{"@dispvm:" LONG_50 "123456", false},
	{"", false},
	{"@", false},
	{"@disp", false},
	{"@dispvmx", false},
	{"dispvm", false},
	{"@dispvm:", false},
	{"@dispvm:2x", false},
	{"@dispvm:-x", false},
	{"@dispvm:_x", false},
	{"@dispvm:x.y", false},
	{"@dispvm:x/y", false},
	{"@dispvm:x:y", false},
	{"@dispvm:x y", false},
	{"@dispvm:\xc3\xa9", false},
	{"@dispvm:x\n", false},
	{"@anyvm", false},
};

START_TEST(a_disposable)
{
	ck_assert_int_eq(rpc_disposable_ok(disposables[_i].name), disposables[_i].ok);
}
END_TEST

Suite *names_suite(void)
{
	Suite *suite = suite_create("names");
	TCase *tcase = add_case(suite, "names");

	add_table_test(tcase, a_disposable, disposables);
	return suite;
}
