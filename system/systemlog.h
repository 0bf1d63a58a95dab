/*
 * The log of this machine: syslog, or the journal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_SYSTEMLOG_H
#define SYSTEM_SYSTEMLOG_H
#include <stdbool.h>

/* Does anybody take lines there? */
bool systemlog_is_there(void);

/*
 * Send one line, behind the program's name and process number. `priority` is a facility and a level
 * of syslog(3). `text` is one line of printable text; what is beyond RFC 3164's kilobyte, with what
 * stands before it, may be cut by the log. Waits at most `milliseconds` for a log that takes
 * nothing. Returns whether the log has taken the line.
 */
bool systemlog_send(int priority, const char *text, int milliseconds);

#endif
