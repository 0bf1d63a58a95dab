/*
 * Which program a command of the shell runs first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "cli/shell/command.h"

#include <stdio.h>

/* @ stands for the program. */
static const char *const running[] = {
	"@",
	" \t@ 1000 inbox",
	"/opt/q/bin/@",
	"'@'",
	"\"@\" -v",
	"q\\file-unpacker",
	"@ | tee log",
	"@; echo done",
	"@ 2>log",
	"2>>log @",
	">&2 @",
	"(@)",
	"{ @; }",
	"! @",
	"TMPDIR=/x LANG=C @",
	"exec @",
	"cd /x && exec @",
	"umask 077; ulimit -f 5; @",
	"false && @",
	"cd /nosuch && @; exit 3",
	"@ || echo failed",
	"@; touch x; sync; exit",
	"{ cd in && @; }; true",
	"(@); sleep 1",
	"@ | tee log; echo done",
	"@ | tee log | cat",
	": # about the next line\n@",
	"@ $(id -u) inbox",
	"@ \"$HOME/in\" ${X} `id -u`",
	"env A=b @",
	"sudo -u work @",
	"doas -u work @ --verbose",
	"nice -n 5 timeout -k 1 10 @",
	"ssh host @",
	"ssh -p 22 -T alice@host QREXEC_REMOTE_DOMAIN=laptop @",
	"ssh host \"@ \\$(id -u) inbox\"",
	"ssh host 'cd in && @'",
	"ssh host sudo -u work @",
	"ssh gate ssh host @",
	"sh -c 'exec @ -v'",
	"su work -c '@'",
	"su - work -c @",
	"/etc/pedos-rpc/PedOS.Filecopy",
	"qrexec-client-vm work PedOS.Filecopy",
	"pedos-rpc work PedOS.Filecopy+rename",
};

static const char *const others[] = {
	"",
	" ",
	"#@",
	"sh # @",
	"sh -c \"exec sh\" # @",
	"sh -c 'exec sh' @",
	"sh @",
	"bash script -c @",
	"echo @",
	"printf @",
	": @; sh",
	"true @",
	"sh; @",
	"false && @; sh",
	"@; sh",
	"@; rm -i x",
	"@; mv -i x y",
	"@; logger",
	"@; date -f -",
	"@ || sh",
	"@ && sh",
	"@ & sh",
	"@\nsh",
	"(@); sh",
	"{ @; }; sh",
	"{ @; sh; }",
	"@ | tee log; sh",
	"@ || echo x | sh -s; sh",
	"@; X=1 sh",
	"@; 'sh",
	"exec @; sh",
	"sh -c '@; sh'",
	"ssh host '@; sh'",
	"cat && @",
	"sh | @",
	": | @",
	": # ; @",
	": # ; @\nsh",
	"sh & @",
	"X=@ sh",
	"X=@; sh",
	"X='; @' sh",
	"sh '; @'",
	"sh \"; @\"",
	"sh \\; @",
	"$X @",
	"$(sh) @",
	"X=$(sh) @",
	": `sh`; @",
	"@ $(sh)",
	"@ <<X",
	"sh >@",
	"sh > @",
	"x@",
	"@x",
	"@-2",
	"@.old",
	"@/x",
	"'@",
	"\"@",
	"command -v @",
	"env -Ssh @",
	"ssh @",
	"ssh host",
	"ssh host sh @",
	"ssh host echo @",
	"ssh host \"sh # @\"",
	"ssh host $X @",
	"ssh -p @ host",
	"sudo -u @ sh",
	"timeout @",
	"su @",
	"PedOS.Filecopyx",
	"qrexec-client-vm PedOS.Filecopy sh",
	"qrexec-client-vm work sh PedOS.Filecopy",
};

static const char *with_name(const char *pattern)
{
	static char command[512];
	size_t used = 0;

	for (; *pattern; pattern++) {
		/* In the address of ssh it is itself. */
		const bool name = *pattern == '@' && pattern[1] != 'h';

		used += (size_t)snprintf(command + used, sizeof(command) - used, "%.*s",
					 name ? 64 : 1, name ? "qfile-unpacker" : pattern);
	}
	command[used] = '\0';
	return command;
}

START_TEST(runs)
{
	const char *command = with_name(running[_i]);

	ck_assert_msg(command_runs(command, "qfile-unpacker", "PedOS.Filecopy"), "%s", command);
	ck_assert(!command_runs(command, "vm-file-editor", "PedOS.OpenInVM"));
}
END_TEST

START_TEST(runs_something_else)
{
	const char *command = with_name(others[_i]);

	ck_assert_msg(!command_runs(command, "qfile-unpacker", "PedOS.Filecopy"), "%s", command);
}
END_TEST

/* What is too long or too deep is asked. */
START_TEST(limits)
{
	static char command[16384];
	size_t used = 0;

	for (int i = 0; i < 40; i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "A=b ");
	strcpy(command + used, "qfile-unpacker");
	ck_assert(!command_runs(command, "qfile-unpacker", "PedOS.Filecopy"));
	ck_assert(command_runs(command + 4 * 10, "qfile-unpacker", "PedOS.Filecopy"));
	memset(command, 'x', 8192);
	strcpy(command, "cd ");
	command[3] = 'x';
	strcpy(command + 8192, "; qfile-unpacker");
	ck_assert(!command_runs(command, "qfile-unpacker", "PedOS.Filecopy"));
	ck_assert(command_runs("ssh a ssh b ssh c ssh d qfile-unpacker", "qfile-unpacker", "x"));
	ck_assert(!command_runs("ssh a ssh b ssh c ssh d ssh e qfile-unpacker", "qfile-unpacker",
				"x"));
}
END_TEST

Suite *command_suite(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = add_case(suite, "command");

	add_table_test(tcase, runs, running);
	add_table_test(tcase, runs_something_else, others);
	tcase_add_test(tcase, limits);
	return suite;
}
