/*
 * Which program a command of the shell runs first: the one that reads what is written to it.
 *
 * The room cli/shell: the shell's language, as far as it has to be understood. Text in, an answer
 * out; it uses no other room.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H
#include <stdbool.h>

/*
 * Does the command run `program`, by its name or a path of it, or call the rpc service `service`?
 * Only a command word counts: the first word of a command, or one behind programs that are known to
 * run what follows, such as ssh, sudo, env and sh -c. Not an argument of any other program, a
 * comment, a variable, or what comes behind a command that could read in its place. No command may
 * follow that would read where the program cannot be started, ends early or is passed over. In
 * doubt: no.
 */
bool command_runs(const char *command, const char *program, const char *service);

#endif
