/*
 * The log of a daemon: stderr, which systemd hands to the journal, or the system log.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_LOG_H
#define RPC_LOG_H
#include <stdbool.h>
#include <syslog.h>

/* Write one line. `priority` is LOG_ERR, LOG_WARNING or LOG_INFO. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * From now on, here and in processes that are made from this one, lines go to the system log and
 * not to stderr. If nobody takes them there, the last line on stderr says so. A log that takes
 * nothing is not waited for: lines are lost then.
 */
void log_to_system(void);

#endif
