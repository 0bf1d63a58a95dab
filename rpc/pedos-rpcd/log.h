/*
 * pedos-rpcd's log: stderr, which systemd hands to the journal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_LOG_H
#define RPCD_LOG_H
#include <syslog.h>

/* Write one line. `priority` is LOG_ERR, LOG_WARNING or LOG_INFO. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
