/*
 * The log of this machine, syslog or the journal: for what only the receiving side may know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_LOG_H
#define CLI_LOG_H
#include <stdbool.h>

/* Lines that a process may log. A sender must not be able to fill the log. */
#define LOG_LINES_MAX 8

/*
 * Log `text`, which may come from a peer: a line for each of its lines, behind the program's name,
 * the sending VM `source` (NULL: not known) and the account. What is not printable ASCII is
 * replaced by '?', long lines are cut, and lines beyond LOG_LINES_MAX are left out. A log that
 * takes nothing is waited for a second. Returns whether the log has taken a line.
 */
bool log_alarm(const char *source, const char *untrusted_text);
/* The same of what is no alarm, but what a user of this machine may look for later. */
bool log_notice(const char *source, const char *untrusted_text);

#endif
