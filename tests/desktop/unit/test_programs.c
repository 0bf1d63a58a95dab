/*
 * Unit tests of where the programs are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/programs.h"
#include "unit.h"

#include <stdlib.h>

START_TEST(programs_beside_this_one_come_first)
{
	char *path = programs_find("desktop-tests");

	ck_assert(g_path_is_absolute(path));
	ck_assert(g_str_has_suffix(path, "/desktop-tests"));
	g_free(path);
	ck_text(programs_find("no-program-of-ours"), "no-program-of-ours");
}
END_TEST

START_TEST(qrexec_asks_itself)
{
	gboolean asks = FALSE;

	setenv("PEDOS_RPC_CLIENT", "/x/qrexec-client-vm", 1);
	ck_text(programs_client(&asks), "/x/qrexec-client-vm");
	ck_assert(asks);
	setenv("PEDOS_RPC_CLIENT", "/x/pedos-rpc", 1);
	ck_text(programs_client(&asks), "/x/pedos-rpc");
	ck_assert(!asks);
}
END_TEST

TCase *programs_case(void)
{
	TCase *tcase = tcase_create("programs");

	tcase_add_test(tcase, programs_beside_this_one_come_first);
	tcase_add_test(tcase, qrexec_asks_itself);
	return tcase;
}
